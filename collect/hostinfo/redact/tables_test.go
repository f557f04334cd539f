package redact

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// checkRows checks that samples has a text for each row of a table, that its secret is removed, and
// that it would not be without that row. A row that is lost, added without a sample, or covered by
// others fails.
func checkRows(t *testing.T, rows []string, samples map[string]string, without func(rows []string) *redactor) {
	t.Helper()
	for _, row := range slices.Sorted(maps.Keys(samples)) {
		if !slices.Contains(rows, row) {
			t.Errorf("%q is not in the table any more", row)
		}
	}
	for i, row := range rows {
		sample, ok := samples[row]
		if !ok || !strings.Contains(sample, S) {
			t.Errorf("%q has no sample with %s in it", row, S)
			continue
		}
		if got := Text(sample); strings.Contains(got, S) {
			t.Errorf("%q: %q became %q", row, sample, got)
		}
		rest := slices.Delete(slices.Clone(rows), i, i+1)
		if got := without(rest).text(sample); !strings.Contains(got, S) {
			t.Errorf("%q: %q is redacted without that row, so nothing would notice its loss: %q", row, sample, got)
		}
	}
}

// long is a body that is long enough for any token, with no prefix of another one in it.
const long = S + S + S + S

func withShapes(s []shape) *redactor { return newRedactor(s, names(), passwordPrograms()) }

func TestEachShapeIsNeeded(t *testing.T) {
	all := shapes(lists())
	var rows []string
	for _, s := range all {
		rows = append(rows, s.name)
	}
	named := map[string]string{
		"PEM block":                           "-----BEGIN OPENSSH PRIVATE KEY-----\n" + S + "\n-----END OPENSSH PRIVATE KEY-----",
		"end of a PEM block":                  "MHcCAQEEIIQ" + S + "MHcCAQEEIIQx\n-----END EC PRIVATE KEY-----",
		"user of an encoded address":          "callback?next=https%3A%2F%2Fbob%3A" + S + "%40example.org%2F",
		"user of an address":                  "git clone https://" + S + "@example.org/",
		"password with a slash in an address": "amqp://u:pa/ss" + S + "@mq/",
		"address without a scheme":            "mount //bob:" + S + "@server/share",
		"rsync module":                        "rsync -a bob:" + S + "@host::module /srv",
		"user of mount.cifs":                  "mount -o user=bob%" + S + ",ro",
		"proxy":                               "http_proxy=bob:" + S + "@proxy:3128",
		"parameter of an address":             "https://example.org/cron.php?key=" + S,
		"SQL":                                 "CREATE USER bob IDENTIFIED BY '" + S + "'",
		"HTTP header":                         "Authorization: Digest " + S,
		"HTTP credentials":                    "X-Auth Bearer " + S + S,
		"hash of crypt(5)":                    "root $6$salt$" + S,
		"hash of LDAP":                        "bob {SSHA}" + S,
		"hash of SCRAM":                       "bob SCRAM-SHA-256$4096:" + S,
		"token with a prefix":                 "pushed by ghp_" + long,
		"JSON web token":                      "the value eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + S,
		"token of Telegram":                   "https://api.telegram.org/bot123456789:AAE" + long,
		"webhook of Slack":                    "https://hooks.slack.com/services/T0/B0/" + S,
		"webhook of Discord":                  "https://discord.com/api/webhooks/12/" + S,
		"webhook of Teams":                    "https://x.webhook.office.com/webhookb2/" + S,
		"secret of QEMU":                      "qemu -object secret,id=s0,data=" + S,
		"openssl passwd":                      "openssl passwd -6 -salt x " + S,
		"here string":                         "cryptsetup luksOpen /dev/x y <<< '" + S + "'",
		"piped into a program":                "echo " + S + " | sudo -S reboot",
	}
	// Shapes that cannot have S in them.
	others := map[string]string{
		"access key of AWS":  "AKIAIOSFODNN7EXAMPLE",
		"hash of PostgreSQL": "md5" + strings.Repeat("0a", 16),
		"hash of MySQL":      "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
		"key of Mailgun":     "key-" + strings.Repeat("0a", 16),
		"key of age":         "AGE-SECRET-KEY-1QQQQABCDEFGH",
	}
	for row, secret := range others {
		text := "the value " + secret + " follows"
		if got := Text(text); got != "the value "+Mark+" follows" {
			t.Errorf("%s: %q", row, got)
		}
		rest := slices.DeleteFunc(slices.Clone(all), func(s shape) bool { return s.name == row })
		if got := withShapes(rest).text(text); got != text {
			t.Errorf("%s is redacted without that row: %q", row, got)
		}
	}
	checkRows(t, slices.DeleteFunc(rows, func(row string) bool { return others[row] != "" }), named,
		func(rest []string) *redactor {
			return withShapes(slices.DeleteFunc(slices.Clone(all), func(s shape) bool {
				return named[s.name] != "" && !slices.Contains(rest, s.name)
			}))
		})
}

// Each family of tokens, of hashes, and of programs that read passwords.
func TestEachAlternativeOfAShapeIsNeeded(t *testing.T) {
	prefixed := func(prefixes string) map[string]string {
		samples := map[string]string{}
		for prefix := range strings.FieldsSeq(prefixes) {
			samples[strings.ReplaceAll(prefix, ".", `\.`)] = "the value " + prefix + long
		}
		return samples
	}
	with := func(change func(l *shapeLists)) *redactor {
		l := lists()
		change(&l)
		return withShapes(shapes(l))
	}
	t.Run("tokens", func(t *testing.T) {
		samples := prefixed("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- npm_ pypi- dckr_pat_ PMAK- xoxa- xoxb- " +
			"xoxe- xoxo- xoxp- xoxr- xoxs- xapp- sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ whsec_ FLWSECK- shpat_ " +
			"shpss_ sk- hf_ gsk_ r8_ nvapi- AIza ya29. EAAC dop_v1_ hvs. hvb. atlasv1. dapi sbp_ tskey- glsa_ NRAK- dt0c01. SG. " +
			"ATATT3 lin_api_")
		checkRows(t, lists().tokenPrefixes, samples, func(rest []string) *redactor {
			return with(func(l *shapeLists) { l.tokenPrefixes = rest })
		})
	})
	t.Run("hashes of crypt", func(t *testing.T) {
		samples := map[string]string{}
		for row, method := range map[string]string{
			`[1-9]`: "6", `2[abxy]`: "2y", `y`: "y", `gy`: "gy", `md5`: "md5", `sha1`: "sha1", `apr1`: "apr1",
			`argon2(?:id|i|d)`: "argon2id", `pbkdf2[\w-]*`: "pbkdf2-sha256", `scrypt`: "scrypt", `bcrypt[\w-]*`: "bcrypt-sha256",
			`P`: "P", `H`: "H", `S`: "S",
		} {
			samples[row] = "bob $" + method + "$" + S
		}
		checkRows(t, lists().cryptMethods, samples, func(rest []string) *redactor {
			return with(func(l *shapeLists) { l.cryptMethods = rest })
		})
	})
	t.Run("hashes of LDAP", func(t *testing.T) {
		samples := map[string]string{}
		for row, scheme := range map[string]string{
			`SHA\d*`: "SHA256", `SSHA\d*`: "SSHA512", `MD5`: "MD5", `SMD5`: "SMD5", `CRYPT`: "CRYPT",
			`PBKDF2[\w-]*`: "PBKDF2-SHA256", `ARGON2\w*`: "ARGON2ID", `PLAIN`: "PLAIN", `CLEARTEXT`: "CLEARTEXT",
		} {
			samples[row] = "bob {" + scheme + "}" + S
		}
		checkRows(t, lists().ldapSchemes, samples, func(rest []string) *redactor {
			return with(func(l *shapeLists) { l.ldapSchemes = rest })
		})
	})
	t.Run("readers of passwords", func(t *testing.T) {
		samples := map[string]string{}
		for row, program := range map[string]string{
			`sudo\s[^|\n]*-\w*S\b`: "sudo -u app -kS x", `passwd\b`: "passwd bob", `chpasswd\b`: "chpasswd",
			`cryptsetup\b`: "cryptsetup open /dev/x y", `kinit\b`: "kinit bob", `smbpasswd\b`: "smbpasswd -s bob",
			`vncpasswd\b`: "vncpasswd -f", `openconnect\b`: "openconnect vpn", `gpg2?\s`: "gpg -d f",
			`docker\s+login`: "docker login x", `[^|\n]*--\w+-(?:on-)?(?:stdin|fd)\b`: "helm login --password-stdin",
		} {
			samples[row] = "echo " + S + " | " + program
		}
		checkRows(t, lists().passwordReaders, samples, func(rest []string) *redactor {
			return with(func(l *shapeLists) { l.passwordReaders = rest })
		})
	})
	t.Run("access keys of AWS", func(t *testing.T) {
		want := []string{"AKIA", "ASIA", "ABIA", "ACCA"}
		if rows := lists().awsPrefixes; !slices.Equal(rows, want) {
			t.Errorf("%v, want %v", rows, want)
		}
		for _, prefix := range want {
			if got := Text(prefix + "IOSFODNN7EXAMPLE ok"); got != Mark+" ok" {
				t.Errorf("%s: %q", prefix, got)
			}
		}
	})
}

func withNames(change func(t *nameTable)) *redactor {
	n := names()
	change(&n)
	return newRedactor(shapes(lists()), n, passwordPrograms())
}

func TestEachSecretNameIsNeeded(t *testing.T) {
	samples := func(format string, names string) map[string]string {
		all := map[string]string{}
		for name := range strings.FieldsSeq(names) {
			all[name] = fmt.Sprintf(format, name, S)
		}
		return all
	}
	t.Run("words", func(t *testing.T) {
		// x at both ends, so that the name has no ending that means a secret.
		all := samples("x%sx=%s",
			"password passwd passphrase passwort secret token apikey accesskey privatekey credential "+
				"authkey sessionkey sharedkey accountkey masterkey encryptionkey signingkey cryptkey appkey loggedinkey noncekey "+
				"masterauth rocommunity rwcommunity mysqlpwd jwt setcookie")
		checkRows(t, names().words, all, func(rest []string) *redactor { return withNames(func(t *nameTable) { t.words = rest }) })
	})
	t.Run("endings", func(t *testing.T) {
		all := samples("X_%s=%s",
			"pwd pw psk salt passcode userpwd otp totp sig signature sas bindpw rootpw community cookie")
		all["auth"] = "X_auth=bob:" + S
		checkRows(t, names().endings, all, func(rest []string) *redactor { return withNames(func(t *nameTable) { t.endings = rest }) })
	})
	t.Run("keys", func(t *testing.T) {
		all := samples("x_%s=%s"+S, "key keys encrypt") // a key has at least 16 bytes
		checkRows(t, names().keyEndings, all, func(rest []string) *redactor { return withNames(func(t *nameTable) { t.keyEndings = rest }) })
	})
	t.Run("directives", func(t *testing.T) {
		all := samples("%s %s 10.0.0.0/8",
			"requirepass masterauth rocommunity rwcommunity rocommunity6 rwcommunity6 community secret psk")
		checkRows(t, names().directives, all, func(rest []string) *redactor { return withNames(func(t *nameTable) { t.directives = rest }) })
	})
	t.Run("setters", func(t *testing.T) {
		all := samples("%s DB_PASSWORD %s;",
			"setenv set export env fastcgi_param uwsgi_param proxy_set_header php_value php_admin_value option")
		checkRows(t, names().setters, all, func(rest []string) *redactor { return withNames(func(t *nameTable) { t.setters = rest }) })
	})
	for _, name := range []string{"pass", "dbpass", "userpass", "keypass", "DbPass", "requirepass"} {
		if got := Text(name + "=" + S); got != name+"="+Mark {
			t.Error(got)
		}
	}
}

// What a table declares harmless is not redacted, and each row is needed for its text.
func TestEachHarmlessRowIsNeeded(t *testing.T) {
	check := func(t *testing.T, rows []string, text func(row string) string, without func(rest []string) *redactor) {
		t.Helper()
		for i, row := range rows {
			s := text(row)
			if got := Text(s); got != s {
				t.Errorf("%q: %q became %q", row, s, got)
			}
			if got := without(slices.Delete(slices.Clone(rows), i, i+1)).text(s); got == s {
				t.Errorf("%q: %q is not redacted without that row", row, s)
			}
		}
	}
	equal := func(t *testing.T, rows []string, want string) {
		t.Helper()
		if got := strings.Join(rows, " "); got != want {
			t.Errorf("the table has %q, want %q", got, want)
		}
	}
	n := names()
	t.Run("endings", func(t *testing.T) {
		equal(t, n.harmlessEndings, "dir directory folder authentication policy length len min max expiry expires "+
			"expire expiration timeout ttl age days lifetime type url uri endpoint enabled disabled required count limit size "+
			"rotation prompt prompts attempts retries algorithm alg method manager provider plugin prefix header field name "+
			"version format encryption storage quality complexity so service conf py php sh html bypass compass trespass "+
			"overpass underpass onepass multipass encompass surpass")
		check(t, n.harmlessEndings, func(row string) string {
			return "password_x_" + row + "=plain7"
		}, func(rest []string) *redactor {
			return withNames(func(t *nameTable) { t.harmlessEndings = rest })
		})
	})
	t.Run("public keys", func(t *testing.T) {
		equal(t, n.publicKeys, "public pub host foreign primary sort partition index trusted user authorized")
		check(t, n.publicKeys, func(row string) string {
			return row + "_key=0123456789abcdef"
		}, func(rest []string) *redactor {
			return withNames(func(t *nameTable) { t.publicKeys = rest })
		})
	})
	t.Run("proxies", func(t *testing.T) {
		equal(t, n.proxies, "proxy fastcgi uwsgi scgi grpc memcached")
		check(t, n.proxies, func(row string) string {
			return row + "pass=unix:/run/app.sock"
		}, func(rest []string) *redactor {
			return withNames(func(t *nameTable) { t.proxies = rest })
		})
	})
	t.Run("values", func(t *testing.T) {
		equal(t, n.harmlessValues,
			" yes no true false on off none null nil enabled disabled required optional ro rw * x ! !! !* - undefined [redacted]")
		check(t, n.harmlessValues[1:len(n.harmlessValues)-1], func(row string) string {
			return "password=" + row + " x"
		}, func(rest []string) *redactor {
			return withNames(func(t *nameTable) { t.harmlessValues = rest })
		})
	})
	t.Run("paths", func(t *testing.T) {
		equal(t, n.pathEndings, "key keys credential credentials pwd cookie token secret")
		check(t, n.pathEndings, func(row string) string {
			return "x_" + row + "=/etc/ssl/private/site"
		}, func(rest []string) *redactor {
			return withNames(func(t *nameTable) { t.pathEndings = rest })
		})
	})
}
