// Command bare is what virgo-bench compares runs with: the gopsutil calls of the seven host checks, one bbolt
// commit, one TLS send, and nothing else.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"
	bolt "go.etcd.io/bbolt"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: bare ADDRESS PIN DB")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run(address, pin, path string) error {
	figures, err := readFigures()
	if err != nil {
		return err
	}
	b, err := json.Marshal(figures)
	if err != nil {
		return err
	}
	if err := commit(path, b); err != nil {
		return err
	}
	return send(address, pin, append(b, '\n'))
}

func readFigures() ([]any, error) {
	all, err := cpu.Times(true)
	if err != nil {
		return nil, err
	}
	memory, err := mem.VirtualMemory()
	if err != nil {
		return nil, err
	}
	swap, err := mem.SwapMemory()
	if err != nil {
		return nil, err
	}
	avg, err := load.Avg()
	if err != nil {
		return nil, err
	}
	disks, err := disk.IOCounters()
	if err != nil {
		return nil, err
	}
	figures := []any{all, memory, swap, avg, disks}
	// Once for the file systems' figures and once for their state, as two checks would.
	for range 2 {
		parts, err := disk.Partitions(false)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			if u, err := disk.Usage(p.Mountpoint); err == nil {
				figures = append(figures, u)
			}
		}
	}
	ifs, err := net.IOCounters(true)
	if err != nil {
		return nil, err
	}
	return append(figures, ifs), nil
}

func commit(path string, b []byte) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(func(tx *bolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("queue"))
		if err != nil {
			return err
		}
		n, err := bucket.NextSequence()
		if err != nil {
			return err
		}
		return bucket.Put(fmt.Appendf(nil, "%020d", n), b)
	})
}

// send verifies the peer by its pinned key: "sha256:" and the SHA-256 of its public key in hex.
func send(address, pin string, b []byte) error {
	conn, err := tls.Dial("tcp", address, &tls.Config{
		InsecureSkipVerify: true, // the pin says who it is
		VerifyConnection: func(s tls.ConnectionState) error {
			sum := sha256.Sum256(s.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if got := hex.EncodeToString(sum[:]); strings.TrimPrefix(pin, "sha256:") != got {
				return fmt.Errorf("the peer's key is %s, not %s", got, pin)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write(b); err != nil {
		return err
	}
	// The answer confirms that the peer has read everything.
	_, err = conn.Read(make([]byte, 1))
	return err
}
