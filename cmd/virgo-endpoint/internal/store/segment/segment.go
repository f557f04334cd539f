package segment

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net/url"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	// maxReaders bounds the read connections of one open segment.
	maxReaders = 4
	// writerPages and readerPages are the page caches of a connection, in KiB.
	writerCache, readerCache = 16 << 10, 1 << 10
	// checkpointPages is the size of the log, in pages, from which a commit moves it into the file.
	checkpointPages = 4096
)

// A Segment is an open segment. It is safe for concurrent use; several processes may open the same file.
type Segment struct {
	path    string
	number  int64
	first   int64
	begun   int64
	sealed  bool
	codec   *codec
	readURI string

	readers chan *conn // maxReaders places; nil for a connection that is not open yet

	writing sync.Mutex // held from Begin to Commit or Rollback
	write   *conn      // nil until the first Begin
}

// Open opens a segment; one that was sealed and whose log was moved into it is opened as immutable.
// Errors: fs.ErrNotExist, intake.ErrDamaged.
func Open(path string) (*Segment, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("opening the segment: %w", err)
	}
	sealed, err := isSealed(path)
	if err != nil {
		return nil, err
	}
	s := &Segment{path: path, sealed: sealed, readers: make(chan *conn, maxReaders)}
	query := url.Values{"mode": {"ro"}, "immutable": {"1"}}
	if !sealed {
		query = url.Values{"mode": {"rw"}, "_query_only": {"1"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"},
			"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)}}
	}
	if s.readURI, err = uri(path, query); err != nil {
		return nil, err
	}
	for range maxReaders {
		s.readers <- nil
	}
	if err := s.load(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// isSealed reports whether the file is sealed and its log is empty. The connection that asks is not
// used further: it may have read pages while another process moved the log into the file.
func isSealed(path string) (bool, error) {
	name, err := uri(path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
	if err != nil {
		return false, err
	}
	c, err := openConn(path, name)
	if err != nil {
		return false, err
	}
	defer c.close()
	var sealed int64
	_, err = c.one(context.Background(), "SELECT sealed FROM meta", nil, func(v []driver.Value) error {
		return integers(v, &sealed)
	})
	// A file that is being written may look damaged to such a connection. If it is, whoever opens it with
	// its log sees that.
	if err != nil || sealed == 0 {
		return false, nil
	}
	return logIsEmpty(path)
}

func logIsEmpty(path string) (bool, error) {
	info, err := os.Stat(path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("opening the segment: %w", err)
	}
	return info.Size() == 0, nil
}

// ErrNewer is returned when a later version of this program made the segment.
var ErrNewer = errors.New("a newer version of this program wrote the segment")

// load reads what does not change.
func (s *Segment) load() error {
	var dictionary []byte
	err := s.read(context.Background(), func(c *conn) error {
		var version, id int64
		for pragma, into := range map[string]*int64{"user_version": &version, "application_id": &id} {
			_, err := c.one(context.Background(), "PRAGMA "+pragma, nil, func(v []driver.Value) error { return integers(v, into) })
			if err != nil {
				return err
			}
		}
		switch {
		case id != applicationID:
			return s.damaged(errors.New("it is no segment"))
		case version != 1:
			return fmt.Errorf("segment %q: %w", s.path, ErrNewer)
		}
		found, err := c.one(context.Background(), "SELECT number, first, begun_ms FROM meta", nil, func(v []driver.Value) error {
			return integers(v, &s.number, &s.first, &s.begun)
		})
		if err != nil || !found {
			return errors.Join(err, s.unless(found, "it has no number"))
		}
		_, err = c.one(context.Background(), "SELECT sum, data FROM dictionary", nil, func(v []driver.Value) error {
			var sum int64
			if err := integers(v, &sum); err != nil {
				return s.damaged(err)
			}
			dictionary, _ = v[1].([]byte)
			if int64(crc32.Checksum(dictionary, crc32.MakeTable(crc32.Castagnoli))) != sum {
				return s.damaged(errors.New("the checksum of its dictionary is wrong"))
			}
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	s.codec, err = newCodec(s.path, dictionary, !s.sealed)
	return err
}

func (s *Segment) damaged(err error) error { return (&codec{path: s.path}).damaged(err) }

func (s *Segment) unless(ok bool, text string) error {
	if ok {
		return nil
	}
	return s.damaged(errors.New(text))
}

// Path is the file's name.
func (s *Segment) Path() string { return s.path }

// Number is the segment's number, First that of the first result that may be here.
func (s *Segment) Number() int64 { return s.number }

// First is the number of the first result that may be here.
func (s *Segment) First() int64 { return s.first }

// Begun is when the segment begins.
func (s *Segment) Begun() time.Time { return time.UnixMilli(s.begun) }

// Sealed reports whether it was opened as a sealed segment.
func (s *Segment) Sealed() bool { return s.sealed }

// read runs do with a connection that only reads.
func (s *Segment) read(ctx context.Context, do func(*conn) error) error {
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.readers <- c }()
	if c == nil {
		var err error
		if c, err = openConn(s.path, s.readURI); err != nil {
			return err
		}
		if err := c.exec(fmt.Sprintf("PRAGMA cache_size = -%d", readerCache)); err != nil {
			return err
		}
	}
	return do(c)
}

// Close waits for what is in progress and closes the file.
func (s *Segment) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var errs []error
	for range maxReaders {
		c := <-s.readers
		errs = append(errs, c.close())
	}
	errs = append(errs, s.write.close())
	s.write = nil
	s.codec.close()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the segment %q: %w", s.path, err)
	}
	return nil
}
