package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Sample is one repetition of one subject.
type Sample struct {
	Rows      int
	Took      time.Duration
	ClientCPU time.Duration // of this process and the gateway's, user and system
	ServerCPU time.Duration // of the database's backends; 0 when /proc does not show them
	WAL       int64         // of the whole server: others' work is in it
	Counts    Counts
	P50, P99  time.Duration // of one request or message, where they were measured
	Value     float64       // what else was measured
	Note      string
}

// Rate is rows per second.
func (s Sample) Rate() float64 { return float64(s.Rows) / s.Took.Seconds() }

// per is a duration per row in microseconds.
func (s Sample) per(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / 1000 / float64(s.Rows)
}

// Meter is what was read when a run began.
type Meter struct {
	db     *Database
	pids   []int // of processes whose time is the client's too
	began  time.Time
	client time.Duration
	server map[int]time.Duration
	wal    int64
}

// startMeter reads the clocks: of this process, of the processes named, of the database.
func startMeter(ctx context.Context, db *Database, pids ...int) (*Meter, error) {
	m := &Meter{db: db, pids: pids}
	var err error
	if m.server, m.wal, err = db.clocks(ctx); err != nil {
		return nil, err
	}
	m.client, m.began = clientCPU(pids...), time.Now()
	return m, nil
}

// Stop reads them again.
func (m *Meter) Stop(ctx context.Context, rows int) (Sample, error) {
	s := Sample{Rows: rows, Took: time.Since(m.began), ClientCPU: clientCPU(m.pids...) - m.client}
	server, wal, err := m.db.clocks(ctx)
	if err != nil {
		return s, err
	}
	for pid, spent := range server {
		s.ServerCPU += spent - m.server[pid]
	}
	s.WAL = wal - m.wal
	return s, nil
}

// clocks reads what each backend of the database has spent, and where the log is.
func (d *Database) clocks(ctx context.Context) (map[int]time.Duration, int64, error) {
	var pids []int
	var wal int64
	const read = `
select coalesce((select array_agg(pid) from pg_stat_activity where datname = $1 and backend_type = 'client backend'), '{}'),
    pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint`
	if err := d.admin.QueryRow(ctx, read, d.name).Scan(&pids, &wal); err != nil {
		return nil, 0, err
	}
	spent := make(map[int]time.Duration, len(pids))
	for _, pid := range pids {
		spent[pid] = processCPU(pid)
	}
	return spent, wal, nil
}

func clientCPU(pids ...int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	spent := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	for _, pid := range pids {
		spent += processCPU(pid)
	}
	return spent
}

// clockTick is the unit of /proc/PID/stat on Linux.
const clockTick = 10 * time.Millisecond

// processCPU is what a process has spent, 0 when it cannot be seen. User and system time are the 14th and 15th fields;
// the second, the name, may hold spaces and ends with the last parenthesis.
func processCPU(pid int) time.Duration {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick
}

// gauge is what else was measured.
func (s Sample) gauge() float64 { return s.Value }
