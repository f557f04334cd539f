package service

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/schedule"
)

// TestMySQLOptionsMatchMariaDB: options are parsed as by MariaDB's own programs.
func TestMySQLOptionsMatchMariaDB(t *testing.T) {
	program := collecttest.Program(t, "my_print_defaults", "mariadb-client")
	for path, text := range optionFiles(t) {
		t.Run(path, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), program, "--defaults-file="+path, "client", "client-server", "client-mariadb").Output()
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(out)) {
				name, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "--"), "=")
				want = append(want, strings.TrimPrefix(strings.ReplaceAll(name, "_", "-"), "loose-")+"="+value)
			}
			lines, err := parseMySQLOptions(text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range lines {
				got = append(got, l.name+"="+l.value)
			}
			if !slices.Equal(got, want) {
				t.Errorf("read %q\nwant %q", got, want)
			}
		})
	}
}

func TestMySQLOptionsForTLS(t *testing.T) {
	for text, want := range map[string]struct{ tls, verify any }{
		"":                                     {},
		"ssl":                                  {tls: true},
		"ssl=0":                                {tls: false},
		"skip-ssl":                             {tls: false},
		"ssl-mode=DISABLED":                    {tls: false},
		"ssl-mode=PREFERRED":                   {},
		"ssl-mode=required":                    {tls: true, verify: false},
		"ssl-mode=REQUIRED\nssl-ca=/ca":        {tls: true, verify: true},
		"ssl_mode=VERIFY_IDENTITY":             {tls: true},
		"ssl\nssl-verify-server-cert=OFF":      {tls: true, verify: false},
		"ssl\nssl-verify-server-cert":          {tls: true, verify: true},
		"ssl=on\nssl=off\nssl_verify=whatever": {tls: false},
	} {
		lines, err := parseMySQLOptions("[client]\n" + text)
		if err != nil {
			t.Fatal(err)
		}
		options := make(mysqlOptions)
		for _, l := range lines {
			options[l.name] = l.value
		}
		if d := options.details(); d["tls"] != want.tls || d["tls_verify"] != want.verify {
			t.Errorf("%q: %v", text, d)
		}
	}
}

// TestMySQLDetailsOverrideOptionFile: a host or port in the details overrides a socket in the file.
func TestMySQLDetailsOverrideOptionFile(t *testing.T) {
	path := collecttest.WriteFile(t, collecttest.Folder(t), "my.cnf", "[client]\nsocket=/run/s\nhost=file.example.com\nport=1\nuser=u\n")
	for name, test := range map[string]struct {
		d       schedule.Details
		address string
	}{
		"file":   {nil, "/run/s"},
		"host":   {schedule.Details{"host": "given.example.com"}, "given.example.com:1"},
		"port":   {schedule.Details{"port": 2}, "file.example.com:2"},
		"socket": {schedule.Details{"socket": "/run/other", "host": ""}, "/run/other"},
	} {
		s, err := readMySQLServer(with(schedule.Details{"mycnf": path}, test.d), nil)
		if err != nil || s.address != test.address || s.username != "u" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}
