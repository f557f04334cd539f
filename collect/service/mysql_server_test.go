package service

import (
	"context"
	"database/sql"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-sql-driver/mysql"

	"virgo/collect/collecttest"
)

// A mariaDB is a real server with a data folder of its own. Root has no password.
type mariaDB struct {
	port, socket string
	identity     identity
	server       *collecttest.Server
}

// startMariaDB starts Debian's mariadb-server with TLS, a binary log and options.
func startMariaDB(t testing.TB, options ...string) *mariaDB {
	t.Helper()
	program := collecttest.Program(t, "mariadbd", "mariadb-server")
	install := collecttest.Program(t, "mariadb-install-db", "mariadb-server")
	dir := collecttest.Folder(t)
	data := filepath.Join(dir, "data")
	// Several servers at once would exceed the kernel's limit of asynchronous writes.
	user := []string{"--datadir=" + data, "--innodb-log-file-size=4M", "--innodb-use-native-aio=0"}
	if os.Getuid() == 0 {
		user = append(user, "--user=mysql")
	}
	// On start, a server removes the temporary tables of others in the same folder.
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "TMPDIR="+tmp)
	args := []string{"--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"}
	setup := exec.Command(install, append(args, user...)...)
	setup.Env = environment
	if out, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	m := &mariaDB{port: collecttest.FreePort(t), socket: filepath.Join(data, "s"), identity: newIdentity(t)}
	args = append([]string{"--no-defaults", "--bind-address=127.0.0.1", "--port=" + m.port, "--socket=" + m.socket, "--pid-file=" + filepath.Join(data, "pid"),
		"--innodb-buffer-pool-size=8M", "--innodb-flush-log-at-trx-commit=0", "--log-bin=" + filepath.Join(data, "log"),
		"--ssl-cert=" + m.identity.certFile, "--ssl-key=" + m.identity.keyFile}, user...)
	serve := exec.Command(program, append(args, options...)...)
	serve.Env = environment
	m.server = collecttest.Serve(t, serve, func(ctx context.Context) error {
		return m.open(t).PingContext(ctx)
	})
	return m
}

// open returns a pool of root's connections.
func (m *mariaDB) open(t testing.TB) *sql.DB {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = "root", "unix", m.socket
	config.MultiStatements = true
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// exec runs statements as root.
func (m *mariaDB) exec(t testing.TB, statements string) {
	t.Helper()
	db := m.open(t)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}

// position returns how far the server has written its binary log.
func (m *mariaDB) position(t testing.TB) string {
	t.Helper()
	db := m.open(t)
	defer db.Close()
	var file, position, doDB, ignoreDB string
	if err := db.QueryRowContext(t.Context(), "SHOW MASTER STATUS").Scan(&file, &position, &doDB, &ignoreDB); err != nil {
		t.Fatal(err)
	}
	return position
}

func (m *mariaDB) address() string { return net.JoinHostPort("127.0.0.1", m.port) }
