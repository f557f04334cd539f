package redact

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"mysqldump", "-uroot", "-phunter", "--password=a b", "--token", "a b", "https://bob:x@h/", "shop"},
			"mysqldump -u… -p… --password=… --token …"},
		{[]string{"/usr/sbin/nginx", "-g", "daemon off;"}, "/usr/sbin/nginx -g …"},
		{[]string{"nginx: master process /usr/sbin/nginx -g x"}, "nginx: …"},
		{[]string{"postgres: bob hunter [local] idle"}, "postgres: …"},
		{[]string{"nginx:"}, "nginx:"},
		{[]string{"python3", "/opt/app/run.py", "hunter", "--port", "80"}, "python3 /opt/app/run.py … --port …"},
		{[]string{"python3", "-c", "/hunter"}, "python3 -c …"},
		{[]string{"python3", "-u", "app.py", "b.py"}, "python3 -u app.py …"},
		{[]string{"java", "-Xmx1g", "-Dpw=hunter", "-jar", "hunter.jar"}, "java -X… -D… -j… …"},
		{[]string{"-bash"}, "-b…"},
		{[]string{"env", "PW=hunter", "X_KEY=hunter", "app", "MODE=x"}, "env PW=… X_KEY=… app MODE=…"},
		{[]string{"app", "c2VjcmV0cGFzc3dvcmQ=", "aHVudGVy="}, "app …"},
		{[]string{"nice", "-n", "19", "/usr/local/bin/backup", "hunter"}, "nice -n … /usr/local/bin/backup …"},
		{[]string{"app", "--", "hunter", "-"}, "app -- … -"},
		{[]string{"app", "--pass:hunter", "--a b", "--Vq9xPLANT001zk"}, "app --pass:… --a… …"},
		{[]string{"hunter2 Zq7"}, "hunter2 …"},
		{[]string{"s3cr3t01"}, "…"},
		{nil, ""},
	} {
		if got := (Arguments{}).Words(c.args); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.args, got, c.want)
		}
		if got := (Arguments{Full: true}).Words(c.args); got != strings.Join(c.args, " ") {
			t.Errorf("%q in full: %s", c.args, got)
		}
	}
}

func TestShell(t *testing.T) {
	for line, want := range map[string]string{
		"mysqldump -uroot -phunter shop | gzip -9 > /b/x.gz": "mysqldump -u… -p… … | gzip -9 > …",
		"cd /srv && PGPASSWORD=hunter pg_dump -h db":         "cd … && PGPASSWORD=… pg_dump -h …",
		"su - app -c \"mysql -phunter\"; echo hunter":        "su - … -c … ; echo …",
		"[ -x /usr/bin/x ] && /usr/bin/x --all || true":      "[ -x /usr/bin/x … && /usr/bin/x --all || true",
		"if true; then curl -u bob:hunter x; fi":             "if true ; then curl -u … ; fi",
		"sshpass -p hunter ssh h 2>&1 >/dev/null":            "sshpass -p … >& … > …",
		"cat <<< 'hunter'":                                   "cat <<< …",
		"x=$(vault read hunter); y":                          "x=… ( vault … ); y",
		"app --token='a b' -p\"x y\" 'hunter":                "app --token=… -p… …",
		"\"/opt/my app/run\" hunter":                         "…",
		"find / -name hunter -exec rm {} \\;":                "find … -n… … -e… …",
		"/opt/a.sh; * * * hunter":                            "/opt/a.sh ; …",
		">hunter app; 2>/hunter app":                         "> … app ; > … app",
		"":                                                   "",
	} {
		if got := (Arguments{}).Shell(line); got != want {
			t.Errorf("%q\n got %s\nwant %s", line, got, want)
		}
	}
}

func TestOptions(t *testing.T) {
	flags := []string{"ro", "noatime"}
	for list, want := range map[string]string{
		"ro,noatime,uid=0":                      "ro,noatime,uid=…",
		"username=bob,password=a,,hunter,ro":    "username=…,password=…,…,ro",
		"user=bob%hunter,x-systemd.automount":   "user=…,…",
		"subvol=/@,space_cache=v2,Vq9xPL01zk=a": "subvol=…,space_cache=…,…",
		"credentials=/root/.smb,pass=hunter":    "credentials=…,pass=…",
		"ro,a=b=c":                              "ro,a=…",
	} {
		if got := (Arguments{}).Options(strings.Split(list, ","), ",", flags); got != want {
			t.Errorf("%q\n got %s\nwant %s", list, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for _, c := range [][3]string{
		{"memory_limit", "128M", "128M"},
		{"error_reporting", "E_ALL & ~E_DEPRECATED", "E_ALL & ~E_DEPRECATED"},
		{"disable_functions", "exec,passthru,shell_exec", "exec,passthru,shell_exec"},
		{"date.timezone", "Europe/Berlin", "Europe/Berlin"},
		{"mysqli.default_pw", "hunter", Mark},
		{"session.save_path", "tcp://r:6379?auth=hunter", "tcp://r:6379/…"},
		{"x", "s3cr3t01 Vq9xPLANT001zk", Mark + " " + Mark},
		{"listen", "[::1]:80 default_server backlog=511", "[::1]:80 default_server backlog=511"},
		{"listen", "unix:/run/x.sock", "unix:/run/x.sock"},
		{"server_name", "*.example.org _", "*.example.org _"},
		{"root", "/var/www/shop-2.4/pub", "/var/www/shop-2.4/pub"},
		{"proxy", "http://bob:hunter@up:8080/x", "http://" + Mark + "@up:8080/…"},
		{"maps", "static:bob:hunter", Mark},
		{"aliases", "hash:/etc/aliases, mysql:/etc/x.cf", "hash:/etc/aliases, mysql:/etc/x.cf"},
		{"networks", "127.0.0.0/8 [::1]/128 fe80::/64", "127.0.0.0/8 [::1]/128 fe80::/64"},
		{"core_pattern", "|/usr/bin/dump --token hunter", "|/usr/bin/dump --token " + Mark},
		{"x", "password=hunter token: hunter", "password=" + Mark + " token: " + Mark},
		{"args", "bob/hunter@orcl", "bob/hunter@orcl"}, // a path: no mark
		{"range", "1024:65535", "1024:65535"},
		{"words", "abandon ability able about above absent absorb abstract absurd abuse access z", Mark},
		{"MNEMONIC", "abandon", Mark},
		{"time", "12:30:00", "12:30:00"},
		{"", "", ""},
	} {
		if got := Value(c[0], c[1]); got != c[2] {
			t.Errorf("%s = %q\n got %s\nwant %s", c[0], c[1], got, c[2])
		}
	}
}

// Every word may be a secret: no word of letters remains of a value in arguments.
func FuzzArguments(f *testing.F) {
	for _, line := range secretLines() {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, s string) {
		Value("x", s)
		once := Text(s)
		if again := Text(once); again != once {
			t.Errorf("%q\nonce  %q\nagain %q", s, once, again)
		}
		if strings.Contains(s, S) {
			return
		}
		for how, got := range map[string]string{
			"words":   Arguments{}.Words([]string{"app", s, S, "--x=" + S + s, "-p" + S + s, "https://" + S + "/" + s}),
			"shell":   Arguments{}.Shell("app -p" + S + " 'a " + S + " b' --x=" + S + " https://h/" + S + "; " + s),
			"options": Arguments{}.Options([]string{s, "x=" + S + s, S}, ",", nil),
		} {
			if strings.Contains(got, S) {
				t.Errorf("%s of %q: %q", how, s, got)
			}
		}
	})
}

// The bytes per second are the same for both sizes: the time is linear.
func BenchmarkText(b *testing.B) {
	for _, part := range []string{"a", "password=", "://", "-----BEGIN ", `"`, "x:y@", "token ", ",;a", "a=b:", "'password',", "%3d", "a "} {
		for _, size := range []int{16 << 10, 256 << 10} {
			b.Run(part+"/"+strings.Repeat("k", size>>16+1), func(b *testing.B) {
				s := strings.Repeat(part, size/len(part))
				b.SetBytes(int64(len(s)))
				for b.Loop() {
					Text(s)
				}
			})
		}
	}
}
