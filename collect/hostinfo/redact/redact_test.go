package redact

import (
	"fmt"
	"strings"
	"testing"
)

// S is the secret in the tables: no result may have it.
const S = "hunter2Zq7"

// secretLines have a secret each; left is what must remain of them.
func secretLines() []struct{ line, left string } {
	return []struct{ line, left string }{
		{"mysql -uroot -p" + S + " shop", "mysql -uroot -p[redacted] shop"},
		{"/usr/bin/mysqldump --all-databases -p" + S + " | gzip > /var/backups/db.gz", "/usr/bin/mysqldump --all-databases -p[redacted] | gzip > /var/backups/db.gz"},
		{"mysql --user=root --password=" + S, "mysql --user=root --password=[redacted]"},
		{"mariadb-dump -p'" + S + " and more' shop", "mariadb-dump -p[redacted] shop"},
		{"curl -u alice:" + S + " https://example.com/x", "curl -u [redacted] https://example.com/x"},
		{"curl -ualice:" + S + " https://example.com/", "curl -u[redacted] https://example.com/"},
		{"curl --user alice:" + S + " -o /dev/null http://localhost/", "curl --user [redacted] -o /dev/null http://localhost/"},
		{`curl -H "Authorization: Bearer ` + S + `" https://example.com/`,
			`curl -H "Authorization: [redacted]" https://example.com/`},
		{"curl -H 'X-Auth-Token: " + S + "' https://example.com/", "curl -H 'X-Auth-Token: [redacted]' https://example.com/"},
		{"curl https://alice:" + S + "@example.com/x?y=1", "curl https://[redacted]@example.com/x?y=1"},
		{"git clone https://" + S + "@github.com/a/b.git", "git clone https://[redacted]@github.com/a/b.git"},
		{"postgres://app:" + S + "@db:5432/shop?sslmode=disable", "postgres://[redacted]@db:5432/shop?sslmode=disable"},
		{"redis://:" + S + "@127.0.0.1:6379/0", "redis://[redacted]@127.0.0.1:6379/0"},
		{"amqp://u:pa/ss" + S + "@mq/", "amqp://[redacted]@mq/"},
		{"ftp://u:p@" + S + "@host/", "ftp://[redacted]@host/"},
		{"wget 'https://example.com/f?a=1&token=" + S + "&b=2'", "wget 'https://example.com/f?a=1&token=[redacted]&b=2'"},
		{"wget --http-password=" + S + " https://example.com", "wget --http-password=[redacted] https://example.com"},
		{"curl -fsSu bob:" + S + " https://x/", "curl -fsSu [redacted] https://x/"},
		{"curl -su bob:" + S + " https://x/", "curl -su [redacted] https://x/"},
		{"curl -b 'session=" + S + "' x", "curl -b [redacted] x"},
		{"curl -o /tmp/zip -u bob:" + S + " https://x/mysql -s", "curl -o /tmp/zip -u [redacted] https://x/mysql -s"},
		{"curl https://x.example.org/cron.php?key=" + S, "curl https://x.example.org/cron.php?key=[redacted]"},
		{"curl -H 'X: Basic " + S + S + "=='", "curl -H 'X: Basic [redacted]'"},
		{"curl https://api.telegram.org/bot123456789:AAE" + S + S + S + "/sendMessage", "curl https://api.telegram.org/bot[redacted]/sendMessage"},
		{"curl https://discord.com/api/webhooks/12/" + S, "curl https://discord.com/api/webhooks/[redacted]"},
		{"session.save_path = \"tcp://h:6379?auth=" + S + "\"", "session.save_path = \"tcp://h:6379?auth=[redacted]\""},
		{"http -a bob:" + S + " https://x/", "http -a [redacted] https://x/"},
		{"transmission-remote --auth=bob:" + S, "transmission-remote --auth=[redacted]"},
		{"app --auth bob:" + S, "app --auth [redacted]"},
		{"http_proxy=bob:" + S + "@proxy:3128 apt update", "http_proxy=[redacted]@proxy:3128 apt update"},
		{"su - app -c \"mysqldump -uroot -p" + S + " shop | gzip > /b\"", "su - app -c \"mysqldump -uroot -p[redacted] shop | gzip > /b\""},
		{"flock -n /l sh -c 'sleep 9; redis-cli -a " + S + " ping' > /dev/null", "flock -n /l sh -c 'sleep 9; redis-cli -a [redacted] ping' > /dev/null"},
		{"ssh -o 'ProxyCommand sshpass -p " + S + " ssh j -W %h:%p' h", "ssh -o 'ProxyCommand sshpass -p [redacted] ssh j -W %h:%p' h"},
		{"mysqladmin -u root password " + S, "mysqladmin -u root password [redacted]"},
		{"sqlplus -s system/" + S + "@orcl @/opt/x.sql", "sqlplus -s system/[redacted] @/opt/x.sql"},
		{"expdp userid=system/" + S + " full=y", "expdp userid=system/[redacted] full=y"},
		{"AWS_SECRET_ACCESS_KEY=" + S + " aws s3 ls", "AWS_SECRET_ACCESS_KEY=[redacted] aws s3 ls"},
		{"s3cmd --access_key=abc --secret_key=" + S, "s3cmd --access_key=[redacted] --secret_key=[redacted]"},
		{"keytool -list -storepass " + S + " -keypass " + S, "keytool -list -storepass [redacted] -keypass [redacted]"},
		{"SSHPASS=" + S + " sshpass -e ssh h", "SSHPASS=[redacted] sshpass -e ssh h"},
		{"mount.cifs //s/x /m -o user=bob%" + S + ",ro", "mount.cifs //s/x /m -o user=bob%[redacted],ro"},
		{"cryptsetup luksOpen /dev/x y <<< '" + S + "'", "cryptsetup luksOpen /dev/x y <<< [redacted]"},
		{"printf '" + S + "' | sudo -u app -kS x", "printf [redacted] | sudo -u app -kS x"},
		{"echo " + S + " | helm registry login --password-stdin", "echo [redacted] | helm registry login --password-stdin"},
		{"htpasswd -b /x bob " + S + " > /dev/null 2>&1", "htpasswd -b /x bob [redacted] > /dev/null 2>&1"},
		{"htpasswd -b /x bob " + S + ";", "htpasswd -b /x bob [redacted]"},
		{"openssl passwd -6 -salt x " + S, "openssl passwd -6 -salt x [redacted]"},
		{"kubectl create secret generic x --from-literal=foo=" + S, "kubectl create secret generic x --from-literal=[redacted]"},
		{"mc alias set store https://h key " + S, "mc alias set store https://h key [redacted]"},
		{"vault login " + S, "vault login [redacted]"},
		{"qemu -object secret,id=s0,data=" + S + " -m 1", "qemu -object secret,id=s0,data=[redacted] -m 1"},
		{"tailscale up --x tskey-auth-" + S + S, "tailscale up --x [redacted]"},
		{"PGPASSWORD=" + S + " psql -h db shop", "PGPASSWORD=[redacted] psql -h db shop"},
		{"MYSQL_PWD='" + S + "' mysqldump shop", "MYSQL_PWD='[redacted]' mysqldump shop"},
		{"redis-cli -h localhost -a " + S + " ping", "redis-cli -h localhost -a [redacted] ping"},
		{"redis-cli --pass " + S + " ping", "redis-cli --pass [redacted] ping"},
		{"sshpass -p " + S + " ssh root@host uptime", "sshpass -p [redacted] ssh root@host uptime"},
		{"sshpass -p" + S + " ssh root@host", "sshpass -p[redacted] ssh root@host"},
		{"ldapsearch -x -D cn=admin -w " + S + " -b dc=x", "ldapsearch -x -D cn=admin -w [redacted] -b dc=x"},
		{"smbclient //srv/share -U 'alice%" + S + "'", "smbclient //srv/share -U [redacted]"},
		{"snmpwalk -v2c -c " + S + " router", "snmpwalk -v2c -c [redacted] router"},
		{"ipmitool -H bmc -U admin -P " + S + " power status", "ipmitool -H bmc -U admin -P [redacted] power status"},
		{"openssl rsa -in k.pem -passin pass:" + S, "openssl rsa -in k.pem -passin [redacted]"},
		{"docker login -u bob -p " + S + " registry", "docker login -u bob -p [redacted] registry"},
		{"rabbitmqctl add_user bob " + S, "rabbitmqctl add_user bob [redacted]"},
		{"htpasswd -b /etc/nginx/.htpasswd bob " + S, "htpasswd -b /etc/nginx/.htpasswd bob [redacted]"},
		{"7z a -p" + S + " out.7z in", "7z a -p[redacted] out.7z in"},
		{"echo " + S + " | sudo -S reboot", "echo [redacted] | sudo -S reboot"},
		{`echo "root:` + S + `" | chpasswd`, "echo [redacted] | chpasswd"},
		{"sudo -u app env DB_PASS=" + S + " /opt/app/run", "sudo -u app env DB_PASS=[redacted] /opt/app/run"},
		{"myapp --token " + S + " --port 80", "myapp --token [redacted] --port 80"},
		{"myapp --api-key=" + S, "myapp --api-key=[redacted]"},
		{"myapp -password " + S, "myapp -password [redacted]"},
		{`myapp --password "a b ` + S + `" x`, `myapp --password "[redacted]" x`},
		{"java -Djavax.net.ssl.keyStorePassword=" + S + " -jar x.jar", "java -Djavax.net.ssl.keyStorePassword=[redacted] -jar x.jar"},
		{"password = " + S, "password = [redacted]"},
		{"password: '" + S + "'", "password: '[redacted]'"},
		{`{"user":"bob","password":"x\"` + S + `","port":1}`, `{"user":"bob","password":"[redacted]","port":1}`},
		{`"{\"client_secret\":\"` + S + `\",\"id\":\"7\"}"`, `"{\"client_secret\":\"[redacted]\",\"id\":\"7\"}"`},
		{"define( 'DB_PASSWORD', '" + S + "' );", "define( 'DB_PASSWORD', '[redacted]' );"},
		{"define('NONCE_KEY', 'k(" + S + "k:v=x;y k,z');", "define('NONCE_KEY', '[redacted]');"},
		{"$databases['default']['password'] = '" + S + "';", "$databases['default']['password'] = '[redacted]';"},
		{"'password' => '" + S + "',", "'password' => '[redacted]',"},
		{"<password>" + S + "</password>", "<password>[redacted]</password>"},
		{"requirepass " + S, "requirepass [redacted]"},
		{"rocommunity " + S + " 10.0.0.0/8", "rocommunity [redacted] 10.0.0.0/8"},
		{"machine ftp.example.com login bob password " + S, "machine ftp.example.com login bob password [redacted]"},
		{"Server=db;User Id=sa;Password=" + S + ";Encrypt=yes", "Server=db;User Id=sa;Password=[redacted];Encrypt=yes"},
		{"AccountName=x;AccountKey=" + S + S + "==;EndpointSuffix=core", "AccountName=x;AccountKey=[redacted];EndpointSuffix=core"},
		{"vers=3.0,username=bob,password=" + S + ",uid=1000", "vers=3.0,username=bob,password=[redacted],uid=1000"},
		{"PrivateKey = " + S + S + "=", "PrivateKey = [redacted]"},
		{"PresharedKey = " + S + S + "=", "PresharedKey = [redacted]"},
		{"wpa_psk=" + S, "wpa_psk=[redacted]"},
		{"SetEnv DB_PASSWORD " + S, "SetEnv DB_PASSWORD [redacted]"},
		{"  fastcgi_param API_TOKEN " + S + ";", "  fastcgi_param API_TOKEN [redacted];"},
		{"bindpw " + S, "bindpw [redacted]"},
		{"prog.exe /user:bob /password:" + S, "prog.exe /user:bob /password:[redacted]"},
		{"aws configure set aws_secret_access_key " + S, "aws configure set aws_secret_access_key [redacted]"},
		{"rsync -a bob:" + S + "@host::module /srv", "rsync -a [redacted]@host::module /srv"},
		{`mysql -e "CREATE USER bob IDENTIFIED BY '` + S + `'"`,
			`mysql -e "CREATE USER bob IDENTIFIED BY '[redacted]'"`},
		{`psql -c "ALTER ROLE bob PASSWORD '` + S + `'"`, `psql -c "ALTER ROLE bob PASSWORD '[redacted]'"`},
		{"docker run -e MYSQL_ROOT_PASSWORD=" + S + " mariadb", "docker run -e MYSQL_ROOT_PASSWORD=[redacted] mariadb"},
		{`{"Authorization": "Bearer ` + S + `", "x": "y"}`, `{"Authorization": "[redacted]", "x": "y"}`},
		{`{\"authorization\":\"Basic ` + S + `\"}`, `{\"authorization\":\"[redacted]\"}`},
		{"'Authorization' => 'token " + S + "',", "'Authorization' => '[redacted]',"},
		{"consul agent -encrypt=" + S + S + "==", "consul agent -encrypt=[redacted]"},
		{"plink -ssh -pw " + S + " bob@host", "plink -ssh -pw [redacted] bob@host"},
		{"xfreerdp /u:bob /password:" + S, "xfreerdp /u:bob /password:[redacted]"},
		{"cat <<< ''" + S, "cat <<< [redacted]"}, // takes two passes
		{"openssl enc -pass " + S + " -in x", "openssl enc -pass [redacted] -in x"},
		{"curl --cookie " + S + " x", "curl --cookie [redacted] x"},
		{"gpg --batch --passphrase " + S + " -d f", "gpg --batch --passphrase [redacted] -d f"},
		{"Cookie: session=" + S + "; x=y", "Cookie: [redacted]"},
		{"https://hooks.slack.com/services/T0/B0/" + S, "https://hooks.slack.com/services/[redacted]"},
		{"aws AKIA" + "IOSFODNN7EXAMPLE ok", "aws [redacted] ok"},
		{"AWS_SECRET_ACCESS_KEY=" + S + S + S, "AWS_SECRET_ACCESS_KEY=[redacted]"},
		{"jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + S, "jwt [redacted]"},
		{"pushed by ghp_" + S + S + S + S, "pushed by [redacted]"},
		{"root:$6$saltsalt$" + S + S + ":19000:0:99999:7:::", "root:[redacted]:19000:0:99999:7:::"},
		{"root:$y$j9T$abc$" + S + S, "root:[redacted]"},
		{"bob:$apr1$x$" + S, "bob:[redacted]"},
		{"userPassword {SSHA}" + S, "userPassword [redacted]"},
		{"pw *2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19 end", "pw [redacted] end"},
		{"-----BEGIN OPENSSH PRIVATE KEY-----\n" + S + "\n-----END OPENSSH PRIVATE KEY-----\nrest", "[redacted]\nrest"},
		{"-----BEGIN RSA PRIVATE KEY-----\n" + S + "\ncut", "[redacted]"},
		{"AGE-SECRET-KEY-1QQQQ" + "ABCDEFGH", "[redacted]"},
		{"[sasl]\n[smtp.example.com]:587 x\nsmtp_sasl_password = " + S + "\nnext = 1", "[sasl]\n[smtp.example.com]:587 x\nsmtp_sasl_password = [redacted]\nnext = 1"},
	}
}

func TestText(t *testing.T) {
	for _, l := range secretLines() {
		if got := Text(l.line); got != l.left {
			t.Errorf("%s\n got %s\nwant %s", l.line, got, l.left)
		} else if again := Text(got); again != got {
			t.Errorf("redacting %s again gives %s", got, again)
		}
	}
}

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
		"credentials=/root/.smb/cred,uid=0",
		"ssl_certificate_key /etc/ssl/private/site.key;",
		"HostKey /etc/ssh/ssh_host_ed25519_key",
		"proxy_pass http://127.0.0.1:8080;",
		"fastcgi_pass unix:/run/php-fpm.sock;",
		"ServerTokens Prod",
		"server_tokens off;",
		"max_tokens=4096",
		"http://localhost:8080/path@2x.png",
		"https://medium.com/@user/x",
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
		"https://www.example.com/login?auth=&page=2",
		"mongod --auth --port 27017",
		"auth required pam_unix.so",
		"uwsgi_pass unix:/run/app.sock; ProxyPass /x http://127.0.0.1:8009/",
		"sqlplus -s / as sysdba @/opt/x.sql",
		"su - app -c \"cd /srv/app && bin/console cache:clear > /dev/null 2>&1\"",
		"curl -fsS https://example.com/http -o /tmp/openssl",
		"bypass=cache compass=north",
		"",
	} {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestArgs(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"myapp", "--password", "two words " + S, "--port", "1"}, "myapp --password [redacted] --port 1"},
		{[]string{"myapp", "--password=two words " + S, "x"}, "myapp --password=[redacted] x"},
		{[]string{"myapp", `SECRET=a"b c` + S}, "myapp SECRET=[redacted]"},
		{[]string{"mysql", "-p" + S + " with blank"}, "mysql -p[redacted]"},
		{[]string{"curl", "-u", "bob:" + S, "-H", "Authorization: Basic " + S, "http://x/"},
			"curl -u [redacted] -H Authorization: [redacted] http://x/"},
		{[]string{"sh", "-c", "mysqldump -p" + S + " | gzip"}, "sh -c mysqldump -p[redacted] | gzip"},
		{[]string{"nmcli", "dev", "wifi", "connect", "home", "password", S + " x"},
			"nmcli dev wifi connect home password [redacted]"},
		{[]string{"sqlplus", "-s", "system/" + S + "@orcl"}, "sqlplus -s system/[redacted]"},
		{[]string{"nginx: worker process"}, "nginx: worker process"},
		{[]string{"passwd", "bob"}, "passwd bob"},
		{[]string{"mysql", "--password", "-h", "db"}, "mysql --password -h db"},
		{nil, ""},
	} {
		if got := strings.Join(Args(c.args), " "); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.args, got, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, l := range secretLines() {
		f.Add(l.line)
	}
	f.Add("password=\"\\")
	f.Add("a://b:c@d://e:f@g")
	f.Fuzz(func(t *testing.T, s string) {
		once := Text(s)
		if again := Text(once); again != once {
			t.Errorf("%q\nonce  %q\nagain %q", s, once, again)
		}
		Args(strings.Fields(s))
		// The secret of a flag is removed, whatever surrounds it.
		if !strings.Contains(s, S) && !strings.ContainsAny(s, "\"'`\\\n") && strings.Contains(Text(s+" --password="+S), S) {
			t.Errorf("after %q a password is left", s)
		}
	})
}

// Texts of a size that only an attacker writes. The bytes per second are the same for both sizes:
// the time is linear.
func BenchmarkText(b *testing.B) {
	for _, part := range []string{
		"a", "password=", "://", "-----BEGIN ", `"`, `\"`, "mysql -p ", "x:y@", "eyJ", "token ", ",;a", "echo a | ", "token\n", "'password',", "a=b:",
		"password=,", `"a 'b `, "htpasswd ", "x/",
	} {
		for _, size := range []int{16 << 10, 256 << 10} {
			b.Run(fmt.Sprintf("%q/%dKiB", part, size>>10), func(b *testing.B) {
				s := strings.Repeat(part, size/len(part))
				b.SetBytes(int64(len(s)))
				for b.Loop() {
					Text(s)
				}
			})
		}
	}
	for _, size := range []int{16 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("a row of signs/%dKiB", size>>10), func(b *testing.B) {
			s := "password=x" + strings.Repeat(",", size) + "a"
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Text(s)
			}
		})
	}
}

// No part of an address is left at the end of a truncated text, where it would not be recognised.
func TestExcerptCutsBetweenWords(t *testing.T) {
	for room := 0; room < 40; room += 4 {
		words := strings.Repeat("a ", (MaxExcerpt-room)/2)
		got := Excerpt(words + "https://bob:" + S + S + "@example.org/ b")
		if strings.Contains(got, S[:4]) || len(got) > MaxExcerpt || !strings.HasPrefix(got, words) {
			t.Fatalf("with room for %d: %d bytes, … %s", room, len(got), got[max(0, len(got)-60):])
		}
	}
	if got := Excerpt(strings.Repeat("x", MaxExcerpt+1)); got != "" {
		t.Errorf("%d bytes of one word", len(got))
	}
}
