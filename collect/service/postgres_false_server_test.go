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
