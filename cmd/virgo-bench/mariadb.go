package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A mariaDB is a real server with a data folder of its own, reachable by its socket alone. Root has no
// password.
type mariaDB struct {
	socket string
	server *exec.Cmd
	ended  chan error
}

const mariaDBStart = 30 * time.Second

// startMariaDB starts an installed MariaDB. It returns an error if there is none.
func (b *bench) startMariaDB() (*mariaDB, error) {
	program, err := findServer("mariadbd")
	if err != nil {
		return nil, err
	}
	install, err := findServer("mariadb-install-db")
	if err != nil {
		return nil, err
	}
	dir := b.path("mariadb")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	args := []string{
		"--no-defaults", "--datadir=" + filepath.Join(dir, "data"),
		"--innodb-log-file-size=4M", "--innodb-use-native-aio=0",
	}
	if os.Getuid() == 0 {
		args = append(args, "--user=root") // it refuses to run as root unless it is told to
	}
	setup := slices.Concat([]string{install}, args,
		[]string{"--auth-root-authentication-method=normal", "--skip-test-db"})
	if _, err := b.output(setup...); err != nil {
		return nil, err
	}
	m := &mariaDB{socket: filepath.Join(dir, "socket"), ended: make(chan error, 1)}
	m.server = exec.Command(program, append(args, "--skip-networking", "--socket="+m.socket,
		"--pid-file="+filepath.Join(dir, "pid"), "--innodb-buffer-pool-size=8M")...)
	m.server.Env = b.env
	if err := m.server.Start(); err != nil {
		return nil, err
	}
	go func() { m.ended <- m.server.Wait() }()
	ctx, cancel := context.WithTimeout(b.ctx, mariaDBStart)
	defer cancel()
	for {
		conn, err := net.Dial("unix", m.socket)
		if err == nil {
			return m, conn.Close()
		}
		select {
		case err := <-m.ended:
			return nil, errors.Join(errors.New("mariadbd ended"), err)
		case <-ctx.Done():
			m.stop()
			return nil, fmt.Errorf("mariadbd does not answer: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop terminates the server and waits until it has ended.
func (m *mariaDB) stop() {
	if err := m.server.Process.Signal(syscall.SIGTERM); err != nil {
		m.server.Process.Kill()
	}
	<-m.ended
}

// findServer finds a program, also where servers are installed but a user's PATH does not reach.
func findServer(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	path, err := exec.LookPath(filepath.Join("/usr/sbin", name))
	if err != nil {
		return "", fmt.Errorf("%s is not installed", name)
	}
	return path, nil
}
