package service

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// A postgreSQL is a real server with a data folder of its own. Its socket needs no password.
type postgreSQL struct {
	dir, port string
	identity  identity
	server    *collecttest.Server
}

// postgresCommand returns a command of the newest installed PostgreSQL, to run as the user
// postgres.
func postgresCommand(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		collecttest.Lacks(t, name+" is missing: install Debian's postgresql")
	}
	command := append([]string{found[len(found)-1]}, args...)
	if os.Getuid() == 0 {
		command = append([]string{collecttest.Program(t, "setpriv", "util-linux"), "--reuid=postgres", "--regid=postgres", "--clear-groups"}, command...)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = "/"
	return cmd
}

// runPostgres runs such a command.
func runPostgres(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := postgresCommand(t, name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// newPostgres returns a server that is not started, with a folder that the user postgres may write.
func newPostgres(t testing.TB) *postgreSQL {
	t.Helper()
	p := &postgreSQL{dir: collecttest.Folder(t), port: collecttest.FreePort(t), identity: newIdentity(t)}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "-R", "postgres:postgres", p.dir, p.identity.keyFile).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := os.Chmod(p.identity.keyFile, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *postgreSQL) data() string { return filepath.Join(p.dir, "data") }

// startPostgres starts a primary with TLS.
func startPostgres(t testing.TB) *postgreSQL {
	t.Helper()
	p := newPostgres(t)
	runPostgres(t, "initdb", "-D", p.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	access := `
local all all trust
local replication all trust
host all open 127.0.0.1/32 trust
host replication follow 127.0.0.1/32 trust
hostssl all secure 127.0.0.1/32 scram-sha-256
hostnossl all secure 127.0.0.1/32 reject
host all old 127.0.0.1/32 md5
host all plain 127.0.0.1/32 password
host all all 127.0.0.1/32 scram-sha-256
`
	if err := os.WriteFile(filepath.Join(p.data(), "pg_hba.conf"), []byte(access), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start(t)
	return p
}

func (p *postgreSQL) start(t testing.TB) {
	t.Helper()
	cmd := postgresCommand(t, "postgres", "-D", p.data(), "-p", p.port, "-k", p.dir, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
		"-c", "shared_buffers=8MB", "-c", "ssl=on", "-c", "ssl_cert_file="+p.identity.certFile, "-c", "ssl_key_file="+p.identity.keyFile,
		"-c", "wal_receiver_status_interval=1", "-c", "wal_retrieve_retry_interval=100ms")
	p.server = collecttest.Serve(t, cmd, func(ctx context.Context) error {
		s, err := p.session(ctx)
		if err == nil {
			s.close(ctx)
		}
		return err
	})
}

func (p *postgreSQL) socket() string  { return filepath.Join(p.dir, ".s.PGSQL."+p.port) }
func (p *postgreSQL) address() string { return net.JoinHostPort("127.0.0.1", p.port) }

// session opens a connection as the superuser.
func (p *postgreSQL) session(ctx context.Context) (*postgresSession, error) {
	s := server{network: "unix", address: p.socket(), username: "postgres", database: "postgres"}
	return openPostgres(ctx, s, s.dial)
}

// open returns a session that is closed at the end of the test.
func (p *postgreSQL) open(t testing.TB) *postgresSession {
	t.Helper()
	s, err := p.session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close(context.Background()) })
	return s
}

// exec runs statements as the superuser, each in its own transaction.
func (p *postgreSQL) exec(t testing.TB, statements ...string) {
	t.Helper()
	s := p.open(t)
	for _, statement := range statements {
		if _, err := s.query(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	s.close(t.Context())
}
