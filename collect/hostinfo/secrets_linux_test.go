package hostinfo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/sourcetest"
)

// A planter makes unique markers and records where it planted them.
type planter struct {
	at map[string]string
}

// mark is a secret that resembles one that a person chose.
func (p *planter) mark(where string) string {
	m := fmt.Sprintf("Vq9xPLANT%03dzk", len(p.at))
	p.at[m] = where
	return m
}

// leaks are the places whose secrets are in a text.
func (p *planter) leaks(text []byte) []string {
	var all []string
	for _, m := range regexp.MustCompile(`Vq9xPLANT\d+zk`).FindAll(text, -1) {
		if where := p.at[string(m)]; !slices.Contains(all, where) {
			all = append(all, where)
		}
	}
	return all
}

// plants are files with secrets: %s is replaced by one.
func plants() map[string]string {
	return map[string]string{
		"etc/shadow":                         "root:$6$salt$%s:19000:0:99999:7:::\nbob:%s:19000:0:99999:7:::\nold:$1$x$%s:1:::::\n",
		"etc/shadow-":                        "root:$y$j9T$%s:19000:0:99999:7:::\n",
		"etc/gshadow":                        "wheel:%s::root\n",
		"etc/passwd":                         "root:x:0:0:root:/root:/bin/bash\nbob:%s:1000:1000:password=%s:/home/bob:/bin/sh\nold:$1$x$%s:1001:1001::/home/old:/bin/sh\n",
		"etc/group":                          "root:x:0:\nwheel:%s:10:bob\n",
		"etc/ssh/ssh_host_ed25519_key":       "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n",
		"etc/ssh/sshd_config":                "Port 22\nSetEnv API=%s TOKEN=%s\nForceCommand /bin/x --password %s\nAuthorizedKeysCommand /bin/k --token=%s %%u\nInclude sshd_config.d/*.conf\nMatch User x\n ForceCommand mysql -p%s\n",
		"etc/ssh/sshd_config.d/a.conf":       "Banner https://bob:%s@example.org/\n",
		"root/.ssh/id_rsa":                   "-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----\n",
		"root/.my.cnf":                       "[client]\nuser=root\npassword=%s\n",
		"root/.pgpass":                       "db:5432:*:bob:%s\n",
		"etc/mysql/debian.cnf":               "[client]\npassword = %s\n",
		"etc/fstab":                          "//srv/a /a cifs username=bob,password=%s,uid=0 0 0\n//bob:%s@srv/b /b cifs credentials=/root/.smb,pass=%s 0 0\nhttps://bob:%s@dav.example.org/ /dav davfs rw 0 0\n//srv/c /c cifs password=a,,%s,ro 0 0\n1.2.3.4:/ /ceph ceph name=admin,secret=%s 0 0\n",
		"root/.smb":                          "username=bob\npassword=%s\n",
		"proc/self/mounts":                   "//srv/a /a cifs rw,username=bob,password=%s 0 0\n",
		"proc/1/mountinfo":                   "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,password=%s\n",
		"proc/sys/net/ipv4/tcp_fastopen_key": "%s\n",
		"proc/sys/net/ipv6/conf/all/stable_secret": "%s\n",
		"proc/sys/kernel/core_pattern":             "|/usr/bin/dump --token=%s\n",
		"proc/sys/kernel/ostype":                   "Linux\n",
		"proc/sys/kernel/osrelease":                "6.1\n",
		"proc/sys/kernel/modprobe":                 "/sbin/modprobe -password %s\n",
		"etc/login.defs":                           "UMASK 022\nLDAP_PASSWORD %s\nLOGIN_STRING \"password=%s\"\n",
		"etc/pam.d/common-auth":                    "auth sufficient pam_mysql.so user=pam passwd=%s host=db\nauth required [pam_x.so] [token=%s with blanks]\nauth required pam_exec.so /bin/x --password %s\nauth required pam_ldap.so bindpw \\\n secret=%s\n",
		"etc/pam.d/common-password":                "password required pam_radius.so shared_secret=%s\n",
		"etc/os-release":                           "ID=x\nPASSWORD=%s\n",
		"etc/crontab":                              "MAILTO=root\nBACKUP_PASSWORD=%s\n1 1 * * * root mysqldump -uroot -p%s shop\n2 1 * * * root curl -u bob:%s https://example.org\n3 1 * * * root PGPASSWORD=%s pg_dump\n4 1 * * * root wget https://bob:%s@example.org/x\n",
		"var/spool/cron/crontabs/root":             "* * * * * /bin/push --api-key=%s\n@daily redis-cli -a %s bgsave\n",
		"etc/cron.daily/backup":                    "#!/bin/sh\nexport PASSWORD=%s\n",
		"etc/apache2/apache2.conf":                 "SetEnv SECRET_KEY %s\nAuthLDAPBindPassword %s\n<VirtualHost *:80>\nServerName a\nRequestHeader set Authorization \"Basic %s\"\n</VirtualHost>\n",
		"etc/httpd/conf/httpd.conf":                "SetEnv SECRET_KEY %s\n",
		"etc/nginx/nginx.conf":                     "http { server { listen 80; server_name a; location / { proxy_set_header Authorization \"Bearer %s\"; proxy_pass http://bob:%s@up/; } } }\n",
		"etc/php/8.2/cli/php.ini":                  "mysqli.default_pw = %s\nsession.save_path = \"tcp://r:6379?auth=%s\"\n",
		"etc/php.ini":                              "mysqli.default_pw = %s\n",
		"etc/postfix/main.cf":                      "relayhost = [smtp.example.org]\nsmtp_sasl_password_maps = static:bob:%s\n",
		"etc/postfix/sasl_passwd":                  "[smtp.example.org]:587 bob:%s\n",
		"etc/fail2ban/jail.local":                  "[sshd]\nenabled = true\naction = cloudflare[cfuser=\"bob\", cftoken=\"%s\"]\nlogpath = /var/log/auth.log\n",
		"etc/lsyncd/lsyncd.conf.lua":               "settings { logfile = \"/l\" }\nsync { default.rsync, source=\"/a\", target=\"rsync://bob:%s@h/m\", rsync = { password_file=\"/p\" } }\n",
		"etc/lsyncd.conf":                          "settings { logfile = \"/l\" }\nsync { default.rsync, source=\"/a\", target=\"bob:%s@h::m\" }\n",
		"var/www/html/wp-config.php":               "<?php\ndefine('DB_NAME','wp');\ndefine('DB_PASSWORD','%s');\ndefine('AUTH_KEY', '%s');\ndefine( \"NONCE_SALT\", \"%s\" );\n$table_prefix = 'wp_';\n",
		"var/www/html/wp-includes/version.php":     "<?php\n$wp_version = '6.4';\n",
		"var/www/shop/app/etc/env.php":             "<?php return ['crypt'=>['key'=>'%s'],'db'=>['connection'=>['default'=>['password'=>'%s']]],'backend'=>['frontName'=>'admin']];\n",
		"var/www/shop/app/etc/local.xml":           "<config><global><crypt><key><![CDATA[%s]]></key></crypt></global></config>\n",
		"var/www/shop/composer.json":               "{\"name\":\"magento/project-community-edition\",\"version\":\"2.4.6\",\"http-basic\":{\"password\":\"%s\"}}\n",
		"etc/apt/auth.conf":                        "machine example.org login bob password %s\n",
		"etc/apt/apt.conf.d/99proxy":               "Acquire::http::Proxy \"http://bob:%s@proxy:3128\";\n",
		"etc/systemd/system/app.service":           "[Unit]\nDescription=App\n[Service]\nEnvironment=PASSWORD=%s\nExecStart=/bin/app --token %s\n[Install]\nWantedBy=multi-user.target\n",
		"etc/wpa_supplicant.conf":                  "network={\n psk=%s\n}\n",
		"proc/77/environ":                          "PASSWORD=%s\x00",
		"proc/77/cmdline":                          "mysqldump\x00-uroot\x00-p%s\x00--password=two %s\x00--token\x00a %s\x00https://bob:%s@h/\x00",
		"proc/77/comm":                             "mysqldump\n",
		"proc/77/stat":                             "77 (mysqldump) S 1 77 77 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 100 1000000 100 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		"proc/77/statm":                            "1000 100 50 1 0 1 0\n",
		"proc/77/status":                           "Name:\tmysqldump\nState:\tS (sleeping)\nPPid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nThreads:\t1\n",
		"proc/77/maps":                             "00400000-00401000 r-xp 00000000 fe:00 1 /opt/app (deleted)\n00500000-00501000 rw-s 00000000 fe:00 1 /dev/shm/%s (deleted)\n",
		"proc/stat":                                "cpu  1 1 1 1 1 1 1 0 0 0\ncpu0 1 1 1 1 1 1 1 0 0 0\nbtime 1700000000\n",
		"proc/modules":                             "m 1 0 - Live 0x%s\n",
	}
}

// Programs may print secrets, too.
const plantedPrint = "password=%s\n--token %s\n-A INPUT -m comment --comment \"api_key=%s\" -j ACCEPT\n" +
	"Status: http://bob:%s@example.org/ \n{\"id\":\"x\",\"product\":\"password=%s\",\"configuration\":{\"token\":\"%s\"}}\n"

func TestNoAnswerHasASecret(t *testing.T) {
	p := &planter{at: map[string]string{}}
	root := t.TempDir()
	fill := func(where, text string) string {
		for strings.Contains(text, "%s") {
			text = strings.Replace(text, "%s", p.mark(where), 1)
		}
		return strings.ReplaceAll(text, "%%", "%")
	}
	for name, text := range plants() {
		// gopsutil requires a live process.
		file := filepath.Join(root, strings.Replace(name, "proc/77/", fmt.Sprintf("proc/%d/", os.Getpid()), 1))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(fill(name, text)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	h := &Host{Root: root, Output: func(_ context.Context, name string, args ...string) ([]byte, error) {
		out := fill("what "+name+" prints", plantedPrint)
		if name == "lshw" {
			_, out, _ = strings.Cut(out, "/ \n")
		}
		return []byte(out), nil
	}}
	for _, typ := range Types() {
		b, err := json.Marshal(answer(t.Context(), h, typ))
		if err != nil {
			t.Fatal(err)
		}
		for _, where := range p.leaks(b) {
			t.Errorf("%s has the secret of %s:\n%.3000s", typ.Name, where, b)
		}
	}
	// The types that read these files show the rest of them, so the test has read something.
	for name, want := range map[string]string{
		"passwd": `"bob"`, "fstab": "username=bob,password=[redacted],uid=0", "sshd": "/bin/x --password [redacted]", "pam": "passwd=[redacted]",
		"procs":  "mysqldump -uroot -p[redacted] --password=[redacted] --token [redacted] https://[redacted]@h/",
		"sysctl": "--token=[redacted]", "login": "LDAP_PASSWORD", "lshw": `"token":"[redacted]"`, "deleted_libs": "/opt/app",
	} {
		a, err := Get(t.Context(), h, name)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := json.Marshal(a.Metrics); !strings.Contains(string(b), want) {
			t.Errorf("%s does not show what was planted: %s", name, b)
		}
	}
}

// Secrets in the command line and the environment of a real process of this host.
func TestNoAnswerHasASecretOfALiveProcess(t *testing.T) {
	p := &planter{at: map[string]string{}}
	args := []string{"-c", "echo; read x", "mysql", "-p" + p.mark("-p"),
		"--password=" + p.mark("--password="), "--token", p.mark("--token"),
		"--password", "two " + p.mark("a word behind a blank"), "PGPASSWORD=" + p.mark("PGPASSWORD"), "https://bob:" + p.mark("an address") + "@example.org/",
		"-H", "Authorization: Bearer " + p.mark("a header"), "redis-cli", "-a", p.mark("redis-cli"), "curl", "-u", "bob:" + p.mark("curl"),
		`{"client_secret": "` + p.mark("JSON") + `"}`, "-----BEGIN PRIVATE KEY-----\n" + p.mark("a key") + "\n-----END PRIVATE KEY-----"}
	cmd := exec.Command("sh", args...)
	cmd.Env = []string{"SECRET=" + p.mark("the environment"), "HOME=/" + p.mark("HOME")}
	sourcetest.Start(t, cmd)
	shown := false
	for _, typ := range Types() {
		b, err := json.Marshal(answer(t.Context(), &Host{}, typ))
		if err != nil {
			t.Fatal(err)
		}
		for _, where := range p.leaks(b) {
			t.Errorf("%s has the secret of %s", typ.Name, where)
		}
		const command = "sh -c echo; read x mysql -p[redacted] --password=[redacted] --token [redacted]"
		shown = shown || typ.Name == "procs" && strings.Contains(string(b), command)
	}
	if !shown {
		t.Error("the process is not shown")
	}
}
