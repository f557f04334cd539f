package service

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzMySQLServer: whatever a server sends, the result is valid metrics or an error.
func FuzzMySQLServer(f *testing.F) {
	head := mysqlPacket(1, "\x02") + mysqlPacket(2, mysqlColumn) + mysqlPacket(3, mysqlColumn) + mysqlPacket(4, "\xfe\x00\x00\x02\x00")
	f.Add(mysqlHello)
	f.Add(mysqlHello + mysqlWelcome + head + mysqlPacket(5, "\x06Uptime\x0217") + mysqlPacket(6, "\xfe\x00\x00\x02\x00"))
	f.Add(mysqlHello + mysqlPacket(2, "\xff\x15\x04#28000Access denied for user"))
	f.Add(mysqlHello + mysqlPacket(2, "\xfemysql_native_password\x0012345678901234567890\x00"))
	f.Add(mysqlPacket(0, "\xff\x10\x04Too many connections"))
	f.Add("SSH-2.0-OpenSSH_9.2p1\r\n")
	f.Fuzz(func(t *testing.T, sent string) {
		s := server{network: "tcp", address: "127.0.0.1:3306", username: "virgo", password: mysqlSecret}
		reply, err := queryMySQL(t.Context(), s, func(context.Context) (net.Conn, error) {
			return newReplayConn(sent), nil
		})
		if err == nil {
			for _, m := range reply.metrics() {
				if !m.Valid() {
					t.Errorf("%+v", m)
				}
			}
			return
		}
		if text := s.describeError(t.Context(), mysqlError(s, err)).Error(); text == "" || strings.ContainsAny(text, "\r\n\x00") || strings.Contains(text, mysqlSecret) {
			t.Errorf("%q", text)
		}
	})
}

// FuzzMySQLOptions: only options of [client] groups are returned, and an error does not quote the
// file.
func FuzzMySQLOptions(f *testing.F) {
	for _, text := range optionFiles(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := parseMySQLOptions(text)
		if err != nil {
			if len(err.Error()) > 80 {
				t.Errorf("%q", err)
			}
			return
		}
		if len(lines) > 0 && !strings.Contains(text, "client") && !lines[0].include {
			t.Errorf("%+v without a [client] group", lines)
		}
		options := make(mysqlOptions)
		for _, l := range lines {
			if l.include && l.value == "" {
				t.Error("an include without a path")
			}
			options[l.name] = l.value
		}
		options.details()
	})
}

// optionFiles reads the option files in testdata, by path.
func optionFiles(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "mysql", "*.cnf"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no option files in testdata", err)
	}
	files := make(map[string]string)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = string(data)
	}
	return files
}
