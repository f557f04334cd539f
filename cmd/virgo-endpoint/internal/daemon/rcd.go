package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"virgo/schedule/shorttext"
)

// RCD writes a script for FreeBSD's rc(8) into a folder such as /usr/local/etc/rc.d.
type RCD struct{ Dir string }

const rcName = "virgo_endpoint"

// Name returns "rc.d".
func (RCD) Name() string { return "rc.d" }

// Logs returns where daemon(8) logs to.
func (RCD) Logs() string { return "grep virgo-endpoint /var/log/daemon.log /var/log/messages" }

func (r RCD) path() string { return filepath.Join(r.Dir, rcName) }

// Print returns the script. daemon(8) starts the endpoint under its user, and again if it ends.
func (r RCD) Print(service Service) string {
	words := []string{shorttext.QuoteShell(service.Program)}
	for _, a := range service.Args {
		words = append(words, shorttext.QuoteShell(a))
	}
	// rc.subr evaluates command_args, which stands in double quotes, once more.
	started := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`).Replace(
		"-u " + shorttext.QuoteShell(service.User) + " -- " + strings.Join(words, " "))
	return "#!/bin/sh\n\n" +
		"# PROVIDE: " + rcName + "\n" +
		"# REQUIRE: LOGIN NETWORKING\n" +
		"# KEYWORD: shutdown\n\n" +
		". /etc/rc.subr\n\n" +
		"name=" + rcName + "\n" +
		"desc=\"receives the results of agents\"\n" +
		"rcvar=${name}_enable\n\n" +
		"load_rc_config $name\n" +
		": ${" + rcName + "_enable:=NO}\n" +
		fmt.Sprintf(": ${%s_limits:=-n %d}\n\n", rcName, maxOpenFiles) +
		"pidfile=/var/run/${name}.pid\n" +
		"command=/usr/sbin/daemon\n" +
		"command_args=\"-P ${pidfile} -r -R 5 -S -T virgo-endpoint -t virgo-endpoint " + started + "\"\n\n" +
		"run_rc_command \"$1\"\n"
}

// Install writes the script and starts the service.
func (r RCD) Install(ctx context.Context, service Service) (bool, error) {
	changed, err := write(r.path(), r.Print(service), 0o755)
	if err != nil {
		return false, err
	}
	if err := command(ctx, "sysrc", rcName+"_enable=YES"); err != nil {
		return changed, err
	}
	start := "start"
	if changed {
		start = "restart"
	} else if command(ctx, "service", rcName, "status") == nil {
		return false, nil // it runs
	}
	return changed, command(ctx, "service", rcName, start)
}

// Uninstall stops the service and removes the script.
func (r RCD) Uninstall(ctx context.Context) (bool, error) {
	if _, err := os.Lstat(r.path()); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if command(ctx, "service", rcName, "status") == nil {
		if err := command(ctx, "service", rcName, "stop"); err != nil {
			return false, err
		}
	}
	if err := command(ctx, "sysrc", "-x", rcName+"_enable"); err != nil {
		return false, err
	}
	return true, os.Remove(r.path())
}
