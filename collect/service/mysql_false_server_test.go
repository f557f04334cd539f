package service

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/schedule"
)

// loot is what false servers received.
type loot struct {
	mu       sync.Mutex
	received []byte   // all of it
	packets  [][]byte // of the login
	key      *rsa.PrivateKey
}

func newLoot(t *testing.T) *loot {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &loot{key: key}
}

func (l *loot) add(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received = append(l.received, b...)
	l.packets = append(l.packets, b)
}

// pem is the public key as servers send it.
func (l *loot) pem(t testing.TB) string {
	b, err := x509.MarshalPKIXPublicKey(&l.key.PublicKey)
	if err != nil {
		t.Error(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}))
}

// mysqlScramble is the challenge in mysqlHello.
const mysqlScramble = "12345678123456789012"

// has reports whether the password was received: in clear, or encrypted with the server's key.
func (l *loot) has(password string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if bytes.Contains(l.received, []byte(password)) {
		return true
	}
	for _, packet := range l.packets {
		plain, err := rsa.DecryptOAEP(sha1.New(), nil, l.key, packet, nil)
		if err != nil {
			continue
		}
		for i := range plain {
			plain[i] ^= mysqlScramble[i%len(mysqlScramble)]
		}
		if string(plain) == password+"\x00" {
			return true
		}
	}
	return false
}

// falseMySQL serves clients of a false server, which answers each packet of the login with the next of
// its own, and collects what it gets.
func falseMySQL(t *testing.T, l *loot, greeting string, answers ...string) (port string) {
	return serveConns(t, func(c net.Conn) {
		io.WriteString(c, greeting)
		for _, answer := range answers {
			header := make([]byte, 4)
			if _, err := io.ReadFull(c, header); err != nil {
				return
			}
			body := make([]byte, int(header[0])|int(header[1])<<8)
			if _, err := io.ReadFull(c, body); err != nil {
				return
			}
			l.add(body)
			io.WriteString(c, mysqlPacket(header[3]+1, answer))
		}
		rest, _ := io.ReadAll(c)
		l.add(rest)
	})
}

// greetWith is mysqlHello with another authentication method.
func greetWith(method string) string {
	body := strings.Replace(mysqlHello[4:], "mysql_native_password", method, 1)
	return mysqlPacket(0, body)
}

// A false server gets the password in no form that it can use, whatever it asks for, unless the owner
// allows that.
func TestFalseMySQLServerGetsNoPassword(t *testing.T) {
	const challenge = "\x00" + mysqlScramble + "\x00"
	keys := newLoot(t)
	key := "\x01" + keys.pem(t)
	const failed = "\xff\x15\x04#28000denied"
	for name, test := range map[string]struct {
		greeting string
		answers  []string
		works    bool // with allow_cleartext
	}{
		"clear":                          {mysqlHello, []string{"\xfemysql_clear_password" + challenge, failed}, true},
		"clear, in the greeting":         {greetWith("mysql_clear_password"), []string{failed}, false},
		"caching_sha2, full, with a key": {greetWith("caching_sha2_password"), []string{"\x01\x04", key, failed}, true},
		"caching_sha2, after a switch":   {mysqlHello, []string{"\xfecaching_sha2_password" + challenge, "\x01\x04", key, failed}, true},
		"sha256, in the greeting":        {greetWith("sha256_password"), []string{key, failed}, true},
		"sha256, after a switch":         {mysqlHello, []string{"\xfesha256_password" + challenge, key, failed}, true},
		"old":                            {mysqlHello, []string{"\xfe", failed}, false},
		"old, by name":                   {mysqlHello, []string{"\xfemysql_old_password" + challenge, failed}, false},
		"dialog":                         {mysqlHello, []string{"\xfedialog\x00\x04Password: ", failed}, false},
		"a key without being asked":      {mysqlHello, []string{key, failed}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := &loot{key: keys.key}
			port := falseMySQL(t, l, test.greeting, test.answers...)
			d := schedule.Details{"host": "127.0.0.1", "port": port, "username": "u", "password": mysqlSecret}
			r := runCheck(t, mysqlType(), d, time.Minute)
			if l.has(mysqlSecret) {
				t.Errorf("it has the password; %s", r.Status)
			}
			withheld := strings.HasPrefix(r.Status, "The password was not sent: 127.0.0.1:"+port+" wants it in a form")
			if test.works && !withheld {
				t.Errorf("status %q", r.Status)
			}
			if test.works {
				runCheck(t, mysqlType(), with(d, schedule.Details{"allow_cleartext": true}), time.Minute)
				if !l.has(mysqlSecret) {
					t.Error("allow_cleartext changes nothing: this was no attack")
				}
			}
		})
	}
}

// A password that is a word of the status leaves no gap in it.
func TestWithheldPasswordIsAWord(t *testing.T) {
	for _, password := range []string{"listener", "allow_cleartext", "a"} {
		port := falseMySQL(t, newLoot(t), greetWith("sha256_password"), "\x01key")
		d := schedule.Details{"host": "127.0.0.1", "port": port, "username": "u", "password": password}
		unavailable(t, mysqlType(), d, "The password was not sent: 127.0.0.1:"+port+
			" wants it in a form that a listener could use. Use socket, tls, or allow_cleartext in a check of this host's own")
	}
}

// Challenges that the password is not needed for go through: their answers are of no use elsewhere.
func TestMySQLGuardLetsChallengesThrough(t *testing.T) {
	for packet, want := range map[string]bool{
		"\x00\x00\x00\x02\x00\x00\x00": false,
		"\xff\x15\x04#28000denied":     false,
		"\x01\x03":                     false,
		"\x01\x04":                     true,
		"\x01":                         true,
		"\x01\x03\x04":                 true,
		"":                             true,
		"\x02":                         true,
		"\xfemysql_native_password\x00" + mysqlScramble + "\x00":    false,
		"\xfecaching_sha2_password\x00" + mysqlScramble + "\x00":    false,
		"\xfeclient_ed25519\x00" + strings.Repeat("x", 32) + "\x00": false,
		"\xfemysql_native_password2\x00":                            true,
		"\xfesha256_password\x00":                                   true,
		"\xfe":                                                      true,
	} {
		if got := asksForPassword([]byte(packet)); got != want {
			t.Errorf("%q asks for the password: %v", packet, got)
		}
	}
}

// FuzzMySQLGuard: whatever a server sends, what passes is a part of it, whole packets in their order.
func FuzzMySQLGuard(f *testing.F) {
	f.Add([]byte(mysqlPacket(2, "\x01\x03") + mysqlPacket(3, "\x00\x00\x00\x02\x00\x00\x00") + "rest"))
	f.Add([]byte(mysqlPacket(2, "\x01\x04")))
	f.Add([]byte("00\x000")) // cut off after the header
	f.Fuzz(func(t *testing.T, sent []byte) {
		g := &mysqlGuard{Conn: newReplayConn(string(sent)), server: server{address: "db:3306"}}
		got, err := io.ReadAll(g)
		if !bytes.HasPrefix(sent, got) || err == nil && !slices.Equal(sent, got) {
			t.Errorf("sent %q, passed on %q, %v", sent, got, err)
		}
	})
}
