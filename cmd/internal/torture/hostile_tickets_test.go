package torture

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"slices"

	"virgo/transport"
)

// ticketAttacks send session tickets (RFC 8446, 4.6.1), for which an agent does not ask.
func ticketAttacks() []attack {
	return []attack{
		unaskedHandshake("a session ticket of 60,000 bytes", 1, sessionTicket(60_000)),
		unaskedHandshake("ten session tickets", 10, sessionTicket(100)),
		unaskedHandshake("a thousand session tickets", 1000, sessionTicket(100)),
		unaskedHandshake("a session ticket that is longer than its message", 1, sessionTicket(100)[:50]),
	}
}

// unaskedHandshake sends a handshake message n times after the TLS handshake, and then behaves well.
func unaskedHandshake(name string, n int, message []byte) attack {
	return attack{name: name, beforeTLS: true, behave: func(c *hostileConn) {
		w, err := newRecordWriter(c.raw, c.endpoint.tlsConfig())
		if err != nil {
			c.endpoint.t.Logf("%s: not sent: %v", name, err)
			return
		}
		// One record takes 16 KiB (RFC 8446, 5.1).
		for part := range slices.Chunk(bytes.Repeat(message, n), 16<<10) {
			if w.writeRecord(recordHandshake, part) != nil {
				return
			}
		}
		served := *c
		served.Conn, served.r = w, transport.NewReader(w)
		served.serve(nil)
	}}
}

// sessionTicket is a NewSessionTicket message with a ticket of that size.
func sessionTicket(size int) []byte {
	body := binary.BigEndian.AppendUint32(nil, 7200) // lifetime, s
	body = binary.BigEndian.AppendUint32(body, 0)    // ticket_age_add
	body = append(body, 1, 0)                        // nonce
	body = binary.BigEndian.AppendUint16(body, uint16(size))
	body = append(body, make([]byte, size)...)
	body = append(body, 0, 0) // extensions
	const newSessionTicket = 4
	return append([]byte{newSessionTicket, 0, byte(len(body) >> 8), byte(len(body))}, body...)
}

// Content types of records.
const (
	recordHandshake   = 22
	recordApplication = 23
)

// A recordWriter reads as a TLS server and writes TLS 1.3 records of any content type, which
// crypto/tls does not.
type recordWriter struct {
	*tls.Conn
	raw  net.Conn
	aead cipher.AEAD
	iv   []byte
	seq  uint64
}

// newRecordWriter does the handshake.
func newRecordWriter(raw net.Conn, conf *tls.Config) (*recordWriter, error) {
	var keyLog bytes.Buffer
	conf.KeyLogWriter, conf.MinVersion = &keyLog, tls.VersionTLS13
	w := &recordWriter{Conn: tls.Server(raw, conf), raw: raw}
	if err := w.Handshake(); err != nil {
		return nil, err
	}
	if suite := w.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		return nil, fmt.Errorf("no record can be written with %s", tls.CipherSuiteName(suite))
	}
	var secret []byte
	for line := range bytes.Lines(keyLog.Bytes()) { // label, client random, secret
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "SERVER_TRAFFIC_SECRET_0" {
			secret, _ = hex.DecodeString(string(f[2]))
		}
	}
	key, err := expandLabel(secret, "key", 16)
	if err != nil {
		return nil, err
	}
	if w.iv, err = expandLabel(secret, "iv", 12); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	w.aead, err = cipher.NewGCM(block)
	return w, err
}

// expandLabel is HKDF-Expand-Label without a context (RFC 8446, 7.1).
func expandLabel(secret []byte, label string, size int) ([]byte, error) {
	label = "tls13 " + label
	info := string([]byte{0, byte(size), byte(len(label))}) + label + "\x00"
	return hkdf.Expand(sha256.New, secret, info, size)
}

// writeRecord writes one record (RFC 8446, 5.2 and 5.3).
func (w *recordWriter) writeRecord(contentType byte, content []byte) error {
	inner := append(bytes.Clone(content), contentType)
	size := len(inner) + w.aead.Overhead()
	record := []byte{recordApplication, 3, 3, byte(size >> 8), byte(size)}
	nonce := bytes.Clone(w.iv)
	tail := nonce[len(nonce)-8:]
	binary.BigEndian.PutUint64(tail, binary.BigEndian.Uint64(tail)^w.seq)
	w.seq++
	_, err := w.raw.Write(w.aead.Seal(record, nonce, inner, record))
	return err
}

func (w *recordWriter) Write(b []byte) (int, error) {
	for part := range slices.Chunk(b, 16<<10) {
		if err := w.writeRecord(recordApplication, part); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
