package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows how far long work is. That it cannot be drawn is no failure.
type Progress interface {
	Add(n int) error
	Finish() error
}

// NewBar draws on a terminal and is quiet elsewhere.
func NewBar(out io.Writer, what string, n int) *progressbar.ProgressBar {
	if !terminal(out) {
		return progressbar.DefaultSilent(int64(n), what)
	}
	return progressbar.NewOptions(n, progressbar.OptionSetDescription(what), progressbar.OptionSetWriter(out),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(out) }))
}

// NewByteBar shows how much of a file was sent, to a person.
func NewByteBar(out io.Writer, what string, size int) *progressbar.ProgressBar {
	if !terminal(out) {
		return progressbar.DefaultBytesSilent(int64(size), what)
	}
	return progressbar.NewOptions64(int64(size), progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true), progressbar.OptionOnCompletion(func() { fmt.Fprintln(out) }))
}

// terminal reports whether a person may be looking.
func terminal(out io.Writer) bool {
	f, isFile := out.(*os.File)
	if !isFile {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
