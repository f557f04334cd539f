package service

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/schedule"
)

// A false server gets the password in no form that it can use, unless the owner allows that. An answer to
// md5 is one: who has it and the salt can try passwords at full speed, and the server's own file has
// what it is made of.
func TestFalsePostgresServerGetsNoPassword(t *testing.T) {
	md5Hex := func(text string) string { sum := md5.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }
	const salt = "salt"
	for name, test := range map[string]struct{ request, prize string }{
		"clear": {"\x00\x00\x00\x03", postgresSecret},
		"md5":   {"\x00\x00\x00\x05" + salt, "md5" + md5Hex(md5Hex(postgresSecret+"u")+salt)},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var received []byte
			port := serveConns(t, func(c net.Conn) {
				head := make([]byte, 4)
				if _, err := io.ReadFull(c, head); err != nil {
					return
				}
				io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(head))-4)
				io.WriteString(c, postgresMessage('R', test.request))
				rest := make([]byte, 4096)
				n, _ := c.Read(rest)
				mu.Lock()
				defer mu.Unlock()
				received = append(received, rest[:n]...)
			})
			has := func() bool {
				mu.Lock()
				defer mu.Unlock()
				return bytes.Contains(received, []byte(test.prize))
			}
			d := schedule.Details{"host": "127.0.0.1", "port": port, "username": "u", "password": postgresSecret}
			r := runCheck(t, postgresType(), d, time.Minute)
			if has() || !strings.HasPrefix(r.Status, "The password was not sent: 127.0.0.1:"+port+" wants it in a form") {
				t.Errorf("%q; it has the password: %v", r.Status, has())
			}
			runCheck(t, postgresType(), with(d, schedule.Details{"allow_cleartext": true}), time.Minute)
			if !has() {
				t.Error("allow_cleartext changes nothing: this was no attack")
			}
		})
	}
}

// A false server cannot choose a proof from which a password is guessed quickly.
func TestFalsePostgresServerGetsNoWeakProof(t *testing.T) {
	for text, weak := range map[string]bool{
		"i=4096": false, "i=1": true, "i=4095": true, "i=4096,i=1": true, "i=1,i=4096": true, "i=x": true, "": true,
	} {
		proof := make(chan bool, 1)
		port := serveConns(t, func(c net.Conn) {
			readMessage := func(header int) string {
				head := make([]byte, header)
				if _, err := io.ReadFull(c, head); err != nil {
					return ""
				}
				body := make([]byte, binary.BigEndian.Uint32(head[header-4:])-4)
				io.ReadFull(c, body)
				return string(body)
			}
			readMessage(4)
			io.WriteString(c, postgresMessage('R', "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"))
			_, nonce, _ := strings.Cut(readMessage(5), ",r=")
			io.WriteString(c, postgresMessage('R', "\x00\x00\x00\x0br="+nonce+"server,s=c2FsdA==,"+text))
			proof <- strings.Contains(readMessage(5), ",p=")
		})
		d := schedule.Details{"host": "127.0.0.1", "port": port, "username": "u", "password": postgresSecret}
		r := runCheck(t, postgresType(), d, time.Minute)
		if got := <-proof; got == weak {
			t.Errorf("%q: a proof was sent: %v; %s", text, got, r.Status)
		}
		if withheld := strings.HasPrefix(r.Status, notSent); withheld != weak {
			t.Errorf("%q: %s", text, r.Status)
		}
	}
}

// FuzzPostgresGuard: whatever a server sends, what passes is the beginning of it.
func FuzzPostgresGuard(f *testing.F) {
	f.Add([]byte(postgresMessage('R', "\x00\x00\x00\x00") + postgresMessage('Z', "I") + "rest"))
	f.Add([]byte(postgresMessage('R', "\x00\x00\x00\x0bi=4096")))
	f.Add([]byte("HTTP/1.1 400 Bad Request"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		g := &postgresGuard{Conn: newReplayConn(string(sent)), server: server{address: "db:5432"}}
		got, err := io.ReadAll(g)
		if !bytes.HasPrefix(sent, got) || err == nil && !bytes.Equal(sent, got) {
			t.Errorf("sent %q, passed on %q, %v", sent, got, err)
		}
	})
}
