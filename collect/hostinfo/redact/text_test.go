package redact

import (
	"strings"
	"testing"
)

// Ordinary text is not redacted.
func TestTextKeepsOrdinaryText(t *testing.T) {
	for _, s := range []string{
		"/usr/sbin/sshd -D [listener] 0 of 10-100 startups",
		"open /etc/passwd: permission denied",
		"/etc/shadow: file does not exist; /var/run/secrets/token: no such file",
		"Failed password for root from 10.0.0.1 port 22 ssh2",
		"the token has expired and the password was wrong",
		"PasswordAuthentication no",
		"PermitEmptyPasswords no",
		"passwordauthentication=yes",
		"myapp --password-file /etc/app/pw --token-file=/run/token",
		"ssl_certificate_key /etc/ssl/private/site.key;",
		"HostKey /etc/ssh/ssh_host_ed25519_key",
		"proxy_pass http://127.0.0.1:8080;",
		"fastcgi_pass unix:/run/php-fpm.sock;",
		"ServerTokens Prod",
		"server_tokens off;",
		"max_tokens=4096",
		"http://[::1]:80/ and mailto:bob@example.com",
		"docker run -p 8080:80 nginx",
		"docker run -v /etc/passwd:/etc/passwd:ro nginx:1.25@sha256:0123456789abcdef",
		"mysql -P 3306 -p shop",
		"mysqld --port=3306 --datadir=/var/lib/mysql",
		"grep -p pattern file | tee -a log",
		"tar -xzf a.tar.gz -C /srv",
		"password requisite pam_pwquality.so retry=3",
		"auth sufficient pam_unix.so nullok",
		"key=value sort_key=name primary_key=id",
		"PWD=/home/bob OLDPWD=/",
		"basic authentication is on",
		"kex: algorithm: curve25519-sha256 [preauth]",
		"encrypt=aes256 algorithm=sha512",
		"Failed to read key from /etc/ssl/private/a.key: permission denied",
		"kernel.keys.maxkeys = 200",
		"/lib/systemd/systemd --switched-root --system --deserialize 22",
		"ssh -i /root/.ssh/id_ed25519 bob@host uptime",
		"echo hello | wc -l",
		"awk '{print $1$2}' /etc/hosts",
		"Größe: 3 µm",
		"mongod --auth --port 27017",
		"auth required pam_unix.so",
		"uwsgi_pass unix:/run/app.sock; ProxyPass /x http://127.0.0.1:8009/",
		"sqlplus -s / as sysdba @/opt/x.sql",
		"su - app -c \"cd /srv/app && bin/console cache:clear > /dev/null 2>&1\"",
		"bypass=cache compass=north",
		"KXG60ZNV512G TOSHIBA, ST1000LM035-1RK172, Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz",
		"sntrup761x25519-sha512@openssh.com,mlkem768x25519-sha256 chacha20-poly1305@openssh.com",
		"linux-image-6.1.0-18-amd64 php8.2-fpm libssl1.1 x86_64 debian12u7",
		"",
	} {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestNoLineShowsItsSecret(t *testing.T) {
	for _, line := range secretLines() {
		for how, got := range map[string]string{
			"text": Text(line), "value": Value("x", line), "shell": Arguments{}.Shell(line),
			"words": Arguments{}.Words(strings.Fields(line)), "one word": Arguments{}.Words([]string{"prog", line}),
			"options": Arguments{}.Options(strings.Split(line, ","), ",", nil),
		} {
			if strings.Contains(got, S) {
				t.Errorf("%s: %q became %q", how, line, got)
			}
		}
		if once := Text(line); Text(once) != once {
			t.Errorf("%q becomes %q, then %q", line, once, Text(once))
		}
		if (Arguments{Full: true}).Shell(line) != line {
			t.Errorf("%q is not shown in full", line)
		}
	}
}

// What the errors of plugins have, and what a line shows of an address.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"disk.sh: 3: df: not found":                                    "disk.sh: 3: df: not found",
		"open /var/lib/app/state: permission denied":                   "open /var/lib/app/state: permission denied",
		"Access denied for user 'a'@'localhost' (using password: YES)": "Access denied for user 'a'@'localhost' (using password: YES)",
		"curl: (7) https://bob:hunter2@example.com/x refused":          "curl: (7) https://[redacted]@example.com/… refused",
		"https://bob:p@ss@example.com/x":                               "https://[redacted]@example.com/…",
		"amqp://u:pa/ss@mq/":                                           "amqp://[redacted]@mq/",
		"http://localhost:8080/path@2x.png":                            "http://localhost:8080/…",
		"https://medium.com/@user":                                     "https://medium.com/…",
		"(see https://example.com/).":                                  "(see https://example.com/).",
		"https://hooks.slack.com/services/T0/B0/xyz":                   "https://hooks.slack.com/…",
		"https://example.com/?token=hunter":                            "https://example.com/…",
		"next=https%3A%2F%2Fbob%3Ahunter%40example.org%2F":             "next=https://[redacted]",
		"password=hunter rejected":                                     "password=[redacted] rejected",
		"PGPASSWORD='hunter two' x":                                    "PGPASSWORD=[redacted] [redacted] x",
		`{"api_key": "hunter"}`:                                        `{"api_key": [redacted]`,
		"mysql --password hunter -e x":                                 "mysql --password [redacted] -e x",
		"Authorization: Bearer hunter x":                               "Authorization: Bearer [redacted] x",
		"Authorization:Basic aGVsbG8= x":                               "Authorization:Basic [redacted] x",
		"cannot log in with token hunter":                              "cannot log in with token hunter", // no mark
		"bad key AbcdEFGHijkl0123456789xyz, stop":                      "bad key [redacted], stop",
		"id 0123456789abcdef0123456789abcdef":                          "id [redacted]",
		"MY_SECRET: hunter":                                            "MY_SECRET: [redacted]",
		"DSN=bob:hunter@tcp(db)/x":                                     "DSN=[redacted]",
		"X_KEY=hunter":                                                 "X_KEY=[redacted]",
		"SENTRY_DSN hunter":                                            "SENTRY_DSN [redacted]",
		"mnemonic: abandon ability":                                    "mnemonic: [redacted] ability",
		"a abandon ability able about above absent absorb abstract absurd abuse access z": "[redacted]",
		"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nrest":               "[redacted]\nrest",
		"bob:$6$salt$hash:19000": "bob:[redacted]",
		"":                       "",
		"  two  blanks\t":        "  two  blanks\t",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
	}
}
