package segment

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// fileMode is the mode of a segment that is written to, sealedMode that of a sealed one. SQLite creates
// its -wal and -shm files with the same mode.
const (
	fileMode   fs.FileMode = 0o600
	sealedMode fs.FileMode = 0o400
)

// applicationID is "vseg": it tells a segment from other SQLite files.
const applicationID = 0x76736567

// schema is what Create makes. user_version is 1; a later version of this program that changes it reads both.
const schema = `CREATE TABLE meta (
		id       INTEGER PRIMARY KEY CHECK (id = 1),
		number   INTEGER NOT NULL, -- the segment's, in the store's catalogue
		first    INTEGER NOT NULL, -- the number of the first result that may be here
		begun_ms INTEGER NOT NULL,
		next     INTEGER NOT NULL, -- the number of the next result
		sealed   INTEGER NOT NULL DEFAULT 0
	) STRICT;
	CREATE TABLE dictionary (
		id   INTEGER PRIMARY KEY CHECK (id = 1),
		sum  INTEGER NOT NULL, -- CRC-32C
		data BLOB NOT NULL
	) STRICT;
	CREATE TABLE blobs (
		seq         INTEGER PRIMARY KEY, -- the number of its first result
		agent       INTEGER NOT NULL,
		received_ms INTEGER NOT NULL,
		least_ms    INTEGER NOT NULL, -- the time of its earliest result
		span_ms     INTEGER NOT NULL, -- from that to the time of its latest result
		data        BLOB NOT NULL     -- see the package comment
	) STRICT;
	CREATE INDEX short_by_time ON blobs (least_ms) WHERE span_ms <= 10000;
	CREATE INDEX long_by_time ON blobs (least_ms) WHERE span_ms > 10000;
	CREATE TABLE ids (
		agent INTEGER NOT NULL,
		start INTEGER NOT NULL,
		first INTEGER NOT NULL,
		last  INTEGER NOT NULL,
		blob  INTEGER NOT NULL,
		PRIMARY KEY (agent, start, first)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE contacts (
		agent INTEGER PRIMARY KEY,
		data  BLOB NOT NULL -- CRC-32C of the agent and the rest, then a Contact
	) STRICT;
	PRAGMA user_version = 1;`

// Options describe a new segment.
type Options struct {
	// Number is the segment's, First that of the first result that may come: above that of all results of
	// other segments.
	Number, First int64
	// Begun is when the segment begins.
	Begun time.Time
	// Dictionary is what blobs are compressed with, at most MaxDictionary; nil for a default one. See
	// [Segment.Sample].
	Dictionary []byte
}

// ErrExists is returned when there is a file where a segment is to be made.
var ErrExists = errors.New("there is a file already")

// Create makes an empty segment and returns when it is durable under its name, so that a kill leaves a whole
// one or none. Error: ErrExists.
func Create(path string, opt Options) error {
	if len(opt.Dictionary) > MaxDictionary {
		return fmt.Errorf("creating the segment %q: a dictionary of %d bytes is larger than %d", path, len(opt.Dictionary), MaxDictionary)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = ErrExists
		}
		return fmt.Errorf("creating the segment %q: %w", path, err)
	}
	made := path + ".new"
	for _, left := range []string{made, made + "-wal", made + "-shm", made + "-journal"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("creating the segment %q: %w", path, err)
		}
	}
	err := fill(made, &opt)
	if err == nil {
		err = os.Rename(made, path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(made)
		return fmt.Errorf("creating the segment %q: %w", path, err)
	}
	return nil
}

// fill writes the file under a name of its own. It has a rollback journal at first, as a file in WAL mode
// is whole only with its log; the first who opens it switches.
func fill(path string, opt *Options) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	name, err := uri(path, url.Values{"mode": {"rw"}, "_synchronous": {"FULL"}})
	if err != nil {
		return err
	}
	c, err := openConn(path, name)
	if err != nil {
		return err
	}
	err = c.exec("BEGIN; PRAGMA application_id = " + fmt.Sprint(applicationID) + "; " + schema)
	if err == nil {
		err = c.exec("INSERT INTO meta (id, number, first, begun_ms, next) VALUES (1, ?, ?, ?, ?)",
			opt.Number, opt.First, opt.Begun.UnixMilli(), opt.First)
	}
	if err == nil {
		dictionary := opt.Dictionary
		if len(dictionary) == 0 {
			dictionary = defaultDictionary
		}
		sum := crc32.Checksum(dictionary, crc32.MakeTable(crc32.Castagnoli))
		err = c.exec("INSERT INTO dictionary (id, sum, data) VALUES (1, ?, ?)", int64(sum), dictionary)
	}
	if err == nil {
		err = c.exec("COMMIT")
	}
	return errors.Join(err, c.close())
}
