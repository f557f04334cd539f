package collecttest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Nginx starts Debian's nginx with its files in dir ([Folder]) and directives in its http block,
// and waits until it listens on address.
func Nginx(t testing.TB, dir, address, directives string) {
	t.Helper()
	program := Program(t, "nginx", "nginx-light")
	user := ""
	if os.Getuid() == 0 {
		user = "user www-data;"
	}
	conf := fmt.Sprintf(`
%[2]s
daemon off;
pid %[1]s/pid;
error_log stderr;
events {}
http {
	access_log %[1]s/access;
	client_body_temp_path %[1]s;
	proxy_temp_path %[1]s;
	fastcgi_temp_path %[1]s;
	uwsgi_temp_path %[1]s;
	scgi_temp_path %[1]s;
	root %[1]s;
	%[3]s
}
`, dir, user, directives)
	Serve(t, exec.Command(program, "-c", WriteFile(t, dir, "nginx.conf", conf)), Answers("tcp", address))
}

// Apache starts Debian's apache2 with its files in dir ([Folder]), the modules and the directives,
// and waits until it listens on address. Module names are separated by blanks and lack "mod_".
func Apache(t testing.TB, dir, address, modules, directives string) {
	t.Helper()
	program := Program(t, "apache2", "apache2")
	var conf strings.Builder
	for module := range strings.FieldsSeq(modules) {
		fmt.Fprintf(&conf, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", module, module)
	}
	if os.Getuid() == 0 {
		conf.WriteString("User www-data\nGroup www-data\n")
	}
	fmt.Fprintf(&conf, `
ServerRoot %[1]s
DefaultRuntimeDir %[1]s
PidFile %[1]s/pid
ErrorLog %[1]s/log
DocumentRoot %[1]s
StartServers 1
MinSpareThreads 1
ServerLimit 1
MaxRequestWorkers 25
%[2]s
`, dir, directives)
	path := WriteFile(t, dir, "apache.conf", conf.String())
	Serve(t, exec.Command(program, "-DFOREGROUND", "-f", path), Answers("tcp", address))
}
