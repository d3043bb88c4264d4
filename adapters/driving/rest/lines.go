package rest

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"carillon/adapters/driving/api/intake"
)

// lineReader reads the lines of a stream in memory that does not grow with it.
type lineReader struct {
	from  *bufio.Reader
	limit int
	at    int64 // lines read
}

// readBuffer is how much is read at once.
const readBuffer = 64 << 10

func newLineReader(from io.Reader, limit int64) *lineReader {
	return &lineReader{from: bufio.NewReaderSize(from, readBuffer), limit: int(limit)}
}

// next returns the next line that is not empty. Of one that is too long nothing is kept. The last line needs no end.
// io.EOF ends the stream; any other error is what reading met, and the line it met is lost.
func (r *lineReader) next() (intake.Line, error) {
	for {
		line, err := r.line()
		switch {
		case err != nil:
			return intake.Line{}, err
		case line.TooLong || len(line.Body) > 0:
			return line, nil
		}
	}
}

// line returns the next line, white space trimmed.
func (r *lineReader) line() (intake.Line, error) {
	var whole []byte
	l := intake.Line{Number: r.at + 1}
	for {
		part, err := r.from.ReadSlice('\n')
		if l.TooLong = l.TooLong || len(whole)+len(bytes.TrimRight(part, "\r\n")) > r.limit; l.TooLong {
			whole = nil
		} else {
			whole = append(whole, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(part) > 0 || len(whole) > 0 || l.TooLong):
		case err != nil:
			return intake.Line{}, err
		}
		r.at++
		l.Body = bytes.TrimSpace(whole)
		return l, nil
	}
}
