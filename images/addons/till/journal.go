// The journal: one append-only file of JSON lines on the volume that every replica shares.
//
// All replicas append to the same file. A record is written under an exclusive lock of the whole file
// (flock), with one write, and is on the disk before Append returns: what the till has confirmed is never
// lost, whichever pod, node or power supply fails next. Readers follow the file from where they last
// stopped, so a replica shows the sales of the others too, and its memory does not grow with the file.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// A shop that sells one thing each second, day and night, needs about a year to fill this.
	journalBytesMax = 4 << 30
	// The newest sales that a replica keeps in memory to show them.
	recentSalesMax = 1000
	// No record that Append writes is longer; a longer line is damage.
	recordBytesMax = 16 << 10
	readChunkBytes = 256 << 10
)

var (
	errJournalFull   = errors.New("the journal has reached its limit; archive it and start a new one")
	errJournalBroken = errors.New("the journal could not be flushed to the disk; this replica takes no more sales until it is restarted")
)

// Sale is one line of the journal.
type Sale struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Pod     string    `json:"pod"`
	Item    string    `json:"item"`
	Cents   int64     `json:"cents"`
	Receipt string    `json:"receipt"`
}

// Totals is what a replica knows about the whole journal.
type Totals struct {
	Count   int64
	Cents   int64
	Damaged int64 // Lines that are not a record: what a power cut left of a sale that nobody was told had happened.
}

// Journal may be used from any number of goroutines and processes at once.
type Journal struct {
	mutex  sync.Mutex
	file   *os.File
	flush  func(*os.File) error // fsync, except in a test that makes it fail.
	broken error

	offset int64 // The file is read up to here: always just behind a newline.
	totals Totals
	recent []Sale // Oldest first, at most recentSalesMax.
}

// OpenJournal opens the journal in the folder, or begins one there.
func OpenJournal(folder string) (*Journal, error) {
	path := filepath.Join(folder, "sales.jsonl")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o664)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w (is the volume mounted, and writable for this user?)", err)
	}
	// The file's name must be as durable as what will be in it.
	if err := flushFolder(folder); err != nil {
		file.Close()
		return nil, err
	}
	return &Journal{file: file, flush: (*os.File).Sync}, nil
}

func flushFolder(folder string) error {
	handle, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("open the journal's folder: %w", err)
	}
	defer handle.Close()
	if err := handle.Sync(); err != nil {
		return fmt.Errorf("flush the journal's folder: %w", err)
	}
	return nil
}

// Append returns nil only when the sale is on the disk.
func (j *Journal) Append(sale Sale) error {
	record, err := json.Marshal(sale)
	if err != nil {
		return fmt.Errorf("encode the sale: %w", err)
	}
	record = append(record, '\n')
	if len(record) > recordBytesMax {
		return fmt.Errorf("the sale takes %d bytes; the limit is %d", len(record), recordBytesMax)
	}

	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.broken != nil {
		return j.broken
	}
	if err := lock(j.file); err != nil {
		return err
	}
	defer unlock(j.file)

	size, err := j.size()
	if err != nil {
		return err
	}
	if size+int64(len(record)) >= journalBytesMax {
		return errJournalFull
	}
	// A power cut may have left half a line. It gets a line of its own, so that it spoils no other.
	if size > 0 {
		var last [1]byte
		if _, err := j.file.ReadAt(last[:], size-1); err != nil {
			return fmt.Errorf("read the journal's end: %w", err)
		}
		if last[0] != '\n' {
			record = append([]byte{'\n'}, record...)
		}
	}
	if _, err := j.file.Write(record); err != nil {
		// The lock is ours, so nobody has written behind it: what was written of the record can go.
		return errors.Join(fmt.Errorf("write the sale: %w", err), j.file.Truncate(size))
	}
	if err := j.flush(j.file); err != nil {
		// After a failed flush the kernel may have dropped the pages and call the next flush a success.
		// Only a new process, which reads the file again, may go on.
		j.broken = fmt.Errorf("%w: %w", errJournalBroken, err)
		return j.broken
	}
	return nil
}

// Read catches up with the file and returns the totals and the newest sales, newest first, at most `limit`.
func (j *Journal) Read(limit int) (Totals, []Sale, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if err := j.catchUp(); err != nil {
		return Totals{}, nil, err
	}
	if limit > len(j.recent) {
		limit = len(j.recent)
	}
	newest := make([]Sale, 0, limit)
	for i := len(j.recent) - 1; i >= len(j.recent)-limit; i-- {
		newest = append(newest, j.recent[i])
	}
	return j.totals, newest, nil
}

// Dump copies the whole lines of the journal as they are now.
func (j *Journal) Dump(to io.Writer) error {
	if _, _, err := j.Read(0); err != nil {
		return err
	}
	j.mutex.Lock()
	end := j.offset
	j.mutex.Unlock()
	_, err := io.Copy(to, io.NewSectionReader(j.file, 0, end))
	return err
}

// Healthy says whether the next sale has a chance.
func (j *Journal) Healthy() error {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if j.broken != nil {
		return j.broken
	}
	_, err := j.size()
	return err
}

func (j *Journal) Close() error { return j.file.Close() }

func (j *Journal) size() (int64, error) {
	info, err := j.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("look at the journal: %w", err)
	}
	return info.Size(), nil
}

func (j *Journal) catchUp() error {
	size, err := j.size()
	if err != nil {
		return err
	}
	if size < j.offset { // The volume was restored from a backup under us.
		j.offset, j.totals, j.recent = 0, Totals{}, nil
	}
	buffer := make([]byte, min(readChunkBytes, max(size-j.offset, 0)))
	for j.offset < size {
		count, err := j.file.ReadAt(buffer, j.offset)
		if err != nil && err != io.EOF {
			return fmt.Errorf("read the journal: %w", err)
		}
		end := bytes.LastIndexByte(buffer[:count], '\n') + 1
		if end == 0 {
			if count < readChunkBytes {
				return nil // A line that is still being written, or what is left of one.
			}
			end = count // Garbage without any newline: step over it.
		}
		for _, line := range bytes.Split(bytes.TrimSuffix(buffer[:end], []byte{'\n'}), []byte{'\n'}) {
			j.take(line)
		}
		j.offset += int64(end)
	}
	return nil
}

func (j *Journal) take(line []byte) {
	var sale Sale
	if len(line) > recordBytesMax || json.Unmarshal(line, &sale) != nil || sale.ID == "" {
		j.totals.Damaged++
		return
	}
	j.totals.Count++
	j.totals.Cents += sale.Cents
	if len(j.recent) == 2*recentSalesMax { // Moved seldom, in one piece.
		j.recent = append(j.recent[:0], j.recent[recentSalesMax:]...)
	}
	j.recent = append(j.recent, sale)
}

func lock(file *os.File) error {
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return fmt.Errorf("lock the journal: %w", err)
		}
	}
}

// Closing the file would unlock it too; there is nothing to do about a failure.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
