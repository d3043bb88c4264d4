package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// up starts what does not run. What keep says stays until down.
func (s *site) up(ctx context.Context, parts []part, keep bool) error {
	held, err := lock(ctx, filepath.Join(s.run, "lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock(held)
	st, err := loadState(s.run)
	if err != nil {
		return err
	}
	s.sweep()
	todo, err := s.settle(ctx, &st, parts)
	if err == nil {
		err = s.open(ctx, &st, todo)
	}
	st.Kept = st.Kept || keep
	if err := errors.Join(err, s.save(st)); err != nil {
		return err
	}
	s.say("%d parts are up; their variables are in %s", len(st.Records), s.envFile())
	return nil
}

// settle records the parts that are given or still run, and returns the others.
func (s *site) settle(ctx context.Context, st *state, parts []part) ([]part, error) {
	var todo []part
	var faults []error
	for _, p := range parts {
		r, known := st.find(p.Name())
		given := os.Getenv(p.Variable())
		switch {
		case given != "" && (r.Given || given != r.Value):
			if err := reach(ctx, given); err != nil {
				faults = append(faults, fmt.Errorf("%s is set to %s: %w", p.Variable(), masked(given), err))
			}
			if err := end(r); err != nil {
				faults = append(faults, err)
			}
			st.put(record{Name: p.Name(), Variable: p.Variable(), Value: given, Given: true})
			s.say("%s: given, %s", p.Name(), masked(given))
		case known && !r.Given && r.up(ctx):
			s.say("%s: there, %s", p.Name(), masked(r.Value))
		default:
			todo = append(todo, p)
		}
	}
	return todo, errors.Join(faults...)
}

// open starts the parts side by side and records those that answer.
func (s *site) open(ctx context.Context, st *state, parts []part) error {
	if len(parts) == 0 {
		return nil
	}
	if runtime.GOOS != "linux" {
		return errors.New("servers are started on Linux only: use deploy/compose and set the TEST_ variables")
	}
	if err := s.equip(ctx, parts); err != nil {
		return err
	}
	var wg sync.WaitGroup
	records, faults := make([]record, len(parts)), make([]error, len(parts))
	for i, p := range parts {
		wg.Go(func() {
			begun := time.Now()
			r, err := p.Open(ctx)
			if err != nil {
				faults[i] = fmt.Errorf("%s: %w", p.Name(), err)
				return
			}
			r.Name, r.Variable = p.Name(), p.Variable()
			records[i] = r
			s.say("%s: up after %.1f s, %s", p.Name(), time.Since(begun).Seconds(), r.Value)
		})
	}
	wg.Wait()
	for i, r := range records {
		if faults[i] == nil {
			st.put(r)
		}
	}
	return errors.Join(faults...)
}

// down stops what up started and drops its data. The logs stay.
func (s *site) down(ctx context.Context) error {
	held, err := lock(ctx, filepath.Join(s.run, "lock"), syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer unlock(held)
	return errors.Join(s.stop(s.run), os.RemoveAll(s.envFile()))
}

// stop ends the recorded processes of a run folder and empties it; what does not stop stays recorded.
func (s *site) stop(run string) error {
	st, err := loadState(run)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	faults := make([]error, len(st.Records))
	for i, r := range st.Records {
		wg.Go(func() {
			if faults[i] = end(r); faults[i] == nil && r.PID > 0 {
				s.say("%s: stopped", r.Name)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(filepath.Join(run, "data")), os.RemoveAll(filepath.Join(run, "state.json")))
}

// sweep stops the servers of checkouts that are no more. It is a kindness: its failures are only told.
func (s *site) sweep() {
	runs, _ := filepath.Glob(filepath.Join(filepath.Dir(s.run), "*"))
	for _, run := range runs {
		st, err := loadState(run)
		if err != nil || st.Checkout == "" || exists(st.Checkout) {
			continue
		}
		if err := errors.Join(s.stop(run), os.RemoveAll(run)); err != nil {
			s.say("clearing up after the lost checkout %s: %v", st.Checkout, err)
		}
	}
}

// around runs a command with everything up and returns its error. The last of several at once stops the servers,
// unless a person said up.
func (s *site) around(ctx context.Context, parts []part, command []string) error {
	user, err := lock(ctx, filepath.Join(s.run, "users"), syscall.LOCK_SH)
	if err != nil {
		return err
	}
	err = s.up(ctx, parts, false)
	if err == nil {
		err = s.execute(ctx, command)
	}
	unlock(user)
	fault := s.release(context.WithoutCancel(ctx))
	if fault != nil {
		s.say("stopping the servers: %v", fault) // told here: of a failed command only the exit status goes on
	}
	return errors.Join(err, fault)
}

// execute runs the command with the variables, on our terminal. An interrupt reaches it as a request to end.
func (s *site) execute(ctx context.Context, command []string) error {
	st, err := loadState(s.run)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), st.env()...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopLimit
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exitError(exit.ExitCode())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", command[0], err)
	}
	return nil
}

// exitError is the exit status of the command that run ran.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// release stops the servers when nobody else uses them and nobody wants them kept.
func (s *site) release(ctx context.Context) error {
	now, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	alone, err := lock(now, filepath.Join(s.run, "users"), syscall.LOCK_EX)
	if err != nil {
		return nil // somebody else uses them, and will stop them
	}
	defer unlock(alone)
	st, err := loadState(s.run)
	if err != nil || st.Kept {
		return err
	}
	return s.down(ctx)
}
