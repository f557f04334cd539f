package service

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// memcachedTable has memcached's names.
const memcachedTable = `
	string - version
	uint64 seconds uptime
	uint64 threads threads
	uint64 connections curr_connections max_connections total_connections rejected_connections
	uint64 count listen_disabled_num
	uint64 items curr_items total_items evictions
	uint64 bytes bytes limit_maxbytes bytes_read bytes_written
	uint64 commands cmd_get cmd_set get_hits get_misses`

func TestMemcachedStats(t *testing.T) {
	for file, want := range map[string]string{
		"1.4": `version 1.4.13
			uptime 1209600
			threads 4
			curr_connections 10
			total_connections 90311
			listen_disabled_num 3
			curr_items 20300
			total_items 300456
			bytes 41234567
			limit_maxbytes 67108864
			evictions 17
			cmd_get 4000123
			cmd_set 300456
			get_hits 3900100
			get_misses 100023
			bytes_read 901234567
			bytes_written 8012345678`,
		"1.6.9": `version 1.6.9
			uptime 6
			threads 4
			curr_connections 1
			max_connections 1024
			total_connections 2
			rejected_connections 0
			listen_disabled_num 0
			curr_items 0
			total_items 0
			bytes 0
			limit_maxbytes 67108864
			evictions 0
			cmd_get 0
			cmd_set 0
			get_hits 0
			get_misses 0
			bytes_read 13
			bytes_written 0`,
		"1.6.38": `version 1.6.38
			uptime 5
			threads 4
			curr_connections 1
			max_connections 1024
			total_connections 2
			rejected_connections 0
			listen_disabled_num 0
			curr_items 0
			total_items 0
			bytes 0
			limit_maxbytes 67108864
			evictions 0
			cmd_get 0
			cmd_set 0
			get_hits 0
			get_misses 0
			bytes_read 13
			bytes_written 0`,
		"1.6.18": `version 1.6.18
			uptime 2
			threads 4
			curr_connections 1
			max_connections 1024
			total_connections 2
			rejected_connections 0
			listen_disabled_num 0
			curr_items 0
			total_items 0
			bytes 0
			limit_maxbytes 67108864
			evictions 0
			cmd_get 0
			cmd_set 0
			get_hits 0
			get_misses 0
			bytes_read 7
			bytes_written 0`,
	} {
		t.Run(file, func(t *testing.T) {
			stats, err := newMemcachedReader(bytes.NewReader(readTestdata(t, "memcached/"+file+".txt"))).stats()
			if err != nil {
				t.Fatal(err)
			}
			checkMetrics(t, memcachedReport(stats).Metrics, memcachedTable, want)
		})
	}
}

func TestInvalidMemcachedReplies(t *testing.T) {
	var (
		protocol *protocolError
		tooLong  *tooLongError
		refusal  memcachedError
	)
	for reply, want := range map[string]any{
		"END\r\n":                                protocol, // a server of another kind may send nothing else
		"STAT version\r\nEND\r\n":                protocol,
		"VALUE a 0 1\r\n":                        protocol,
		"STAT a 1":                               protocol,
		strings.Repeat("STAT a 1 ", 1000):        protocol,
		strings.Repeat("STAT a 1\r\n", 2000):     tooLong,
		"ERROR Too many open connections\r\n":    refusal,
		"SERVER_ERROR out of memory\r\n":         refusal,
		"CLIENT_ERROR unauthenticated\r\nmore\n": refusal,
	} {
		stats, err := newMemcachedReader(strings.NewReader(reply)).stats()
		var right bool
		switch want.(type) {
		case *protocolError:
			right = errors.As(err, &protocol)
		case *tooLongError:
			right = errors.As(err, &tooLong)
		case memcachedError:
			right = errors.As(err, &refusal)
		}
		if !right {
			t.Errorf("%.40q: %v, %v, want %T", reply, stats, err, want)
		}
	}
	if _, err := newMemcachedReader(strings.NewReader("STAT a 1\r\n")).stats(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func FuzzMemcachedStats(f *testing.F) {
	for _, file := range []string{"1.4", "1.6.9", "1.6.18", "1.6.38"} {
		f.Add(readTestdata(f, "memcached/"+file+".txt"))
	}
	f.Add([]byte("CLIENT_ERROR unauthenticated\r\n"))
	f.Add([]byte("STORED\r\nSTAT a b c\r\nEND\r\n"))
	f.Fuzz(func(t *testing.T, reply []byte) {
		stats, err := newMemcachedReader(bytes.NewReader(reply)).stats()
		if err == nil && (len(stats) == 0 || len(stats) > maxMemcachedLines) {
			t.Errorf("%d statistics", len(stats))
		}
		memcachedReport(stats)
		newMemcachedReader(bytes.NewReader(reply)).readStored()
	})
}
