package redact

import (
	"regexp"
	"strings"
)

// A shape is the form of a secret that is recognised without a name before it.
type shape struct {
	// name describes the secret, and is its key in the tests.
	name string
	// contains is in every text that has the shape; empty if nothing is that cheap to search for.
	contains string
	pattern  string
	// replacement is as for Regexp.ReplaceAll.
	replacement string
}

type compiledShape struct {
	contains    string
	pattern     *regexp.Regexp
	replacement string
}

func compileShapes(shapes []shape) []compiledShape {
	compiled := make([]compiledShape, len(shapes))
	for i, s := range shapes {
		compiled[i] = compiledShape{s.contains, regexp.MustCompile(s.pattern), s.replacement}
	}
	return compiled
}

// redactShapes removes what is a secret by its shape. RE2 takes linear time.
func (r *redactor) redactShapes(s string) string {
	for _, f := range r.shapes {
		if f.contains == "" || strings.Contains(s, f.contains) {
			s = r.redactShape(s, f)
		}
	}
	return s
}

// minToken is from how many bytes on the user of an address may be a token, and no name.
const minToken = 16

func (r *redactor) redactShape(s string, f compiledShape) string {
	matches := f.pattern.FindAllStringSubmatchIndex(s, -1)
	if len(matches) == 0 {
		return s
	}
	var b []byte
	copied := 0
	for _, m := range matches {
		b = append(b, s[copied:m[0]]...)
		start := len(b)
		b = f.pattern.ExpandString(b, f.replacement, s, m)
		before, after, _ := strings.Cut(string(b[start:]), Mark)
		if found := s[m[0]:m[1]]; len(before)+len(after) < len(found) {
			hidden := found[len(before) : len(found)-len(after)]
			if !strings.HasPrefix(after, "@") || strings.Contains(hidden, ":") || len(hidden) >= minToken {
				r.hide(hidden)
			}
		}
		copied = m[1]
	}
	return string(append(b, s[copied:]...))
}

func shapes(l shapeLists) []shape {
	oneOf := func(patterns []string) string { return "(?:" + strings.Join(patterns, "|") + ")" }
	return []shape{
		{"PEM block", "-----BEGIN ", `(?s)-----BEGIN [A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\z)`, Mark},
		{"end of a PEM block", "-----END ", `(?:[A-Za-z0-9+/=]{16,}(?:\\[rn]|\s)+)+-----END [A-Z0-9 ]*-----`, Mark},
		{"user of an encoded address", "%", `(?i)([a-z][a-z0-9+.-]*%3a(?:%2f){2})[^\s&"'<>/]*?%40`, "${1}" + Mark + "%40"},
		// The password may have a slash or an @ in it; a port and a path are neither user nor
		// password.
		{"user of an address", "://", `([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/"'<>?#]*@`, "${1}" + Mark + "@"},
		{
			"password with a slash in an address", "://",
			`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/:@"'<>]+:` +
				`(?:[^\s/@"'<>0-9][^\s@"'<>]*|[0-9]+[^\s/@"'<>0-9][^\s@"'<>]*)@`,
			"${1}" + Mark + "@",
		},
		{"address without a scheme", "//", `(^|[\s"'])//[^\s/:@"']+:[^\s/@"']+@`, "${1}//" + Mark + "@"},
		{"rsync module", "::", `(^|[\s"'])[\w.-]+:[^\s/@:"']+@([\w.-]+::)`, "${1}" + Mark + "@${2}"},
		{"user of mount.cifs", "%", `(\buser(?:name)?=[^\s,%"'/&]*%)[^\s,"']+`, "${1}" + Mark}, // user=bob%password
		{"proxy", "@", `(?i)(proxy=["']?|ftpfs#)[^\s/:@"']+:[^\s/@"']+@`, "${1}" + Mark + "@"},
		{"parameter of an address", "=", `(?i)([?&](?:key|k|auth|access)(?:\[\w*\])?=)[^\s&#"']+`, "${1}" + Mark},
		{
			"SQL", "'",
			`(?i)(\b(?:identified\s+(?:with\s+\S+\s+)?by(?:\s+password)?|password)(?:\s*\(\s*|\s+))'[^'\n]*'`,
			"${1}'" + Mark + "'",
		},
		{
			"HTTP header", "",
			`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?[ \t]*(?:=>|[:=])[ \t]*\\?["']?)[^\r\n"'\\]+`,
			"${1}${2}" + Mark,
		},
		{"HTTP credentials", "", `(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]*\d[\w.~+/=-]{7,}`, "${1}" + Mark},
		{"hash of crypt(5)", "$", `\$` + oneOf(l.cryptMethods) + `\$[./A-Za-z0-9$,=+-]{8,}`, Mark},
		{"hash of LDAP", "{", `\{` + oneOf(l.ldapSchemes) + `\}[^\s"':,]+`, Mark},
		{"hash of SCRAM", "SCRAM-SHA-", `SCRAM-SHA-\d+\$[^\s"']+`, Mark},
		{"hash of PostgreSQL", "md5", `\bmd5[0-9a-f]{32}\b`, Mark},
		{"hash of MySQL", "*", `\*[0-9A-F]{40}\b`, Mark},
		{"access key of AWS", "", `\b` + oneOf(l.awsPrefixes) + `[0-9A-Z]{16}\b`, Mark},
		{"JSON web token", "eyJ", `\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}`, Mark},
		{"token with a prefix", "", `\b` + oneOf(l.tokenPrefixes) + `[\w.-]{20,}`, Mark},
		{"token of Telegram", ":", `\b(bot)?\d{8,12}:[\w-]{30,}`, "${1}" + Mark},
		{"key of Mailgun", "-", `\bkey-[0-9a-f]{32}\b`, Mark},
		{"key of age", "AGE-", `AGE-(?:SECRET-KEY|PLUGIN-\w+)-1[0-9A-Z]+`, Mark},
		{"webhook of Slack", "hooks.", `(hooks\.slack\.com/(?:services|workflows)/)[\w/-]+`, "${1}" + Mark},
		{"webhook of Discord", "/webhook", `(discord(?:app)?\.com/api/webhooks/)[\w@/-]+`, "${1}" + Mark},
		{"webhook of Teams", "/webhook", `(webhook\.office\.com/webhookb2/)[\w@/-]+`, "${1}" + Mark},
		{"secret of QEMU", "secret,", `(\bsecret,[^\s"']*data=)[^\s,"']+`, "${1}" + Mark},
		{"openssl passwd", "passwd", `(\bopenssl\s+passwd\s+(?:-salt\s+\S+\s+|-\w+\s+)*)[^\s-]\S*`, "${1}" + Mark},
		{"here string", "<<<", `(<<<\s*)(?:"[^"\n]*"|'[^'\n]*'|\S+)`, "${1}" + Mark},
		{
			"piped into a program", "|",
			`(\b(?:echo|printf)\s+(?:-\w+\s+)*)(?:"[^"\n]*"|'[^'\n]*'|[^\s|]+)` +
				`(\s*\|\s*(?:\S*/)?` + oneOf(l.passwordReaders) + `)`,
			"${1}" + Mark + "${2}",
		},
	}
}

// shapeLists are the alternatives of some shapes, as patterns.
type shapeLists struct {
	// cryptMethods are what crypt(5), databases and programming languages write between the first
	// two $ of a hash.
	cryptMethods []string
	// ldapSchemes are those of RFC 2307 and of the servers that added some.
	ldapSchemes []string
	// awsPrefixes begin the identifiers of AWS access keys.
	awsPrefixes []string
	// tokenPrefixes begin the tokens of well-known services.
	tokenPrefixes []string
	// passwordReaders are programs that read a password from standard input.
	passwordReaders []string
}

func lists() shapeLists {
	return shapeLists{
		cryptMethods: []string{
			`[1-9]`, `2[abxy]`, `y`, `gy`, `md5`, `sha1`, `apr1`, `argon2(?:id|i|d)`, `pbkdf2[\w-]*`,
			`scrypt`, `bcrypt[\w-]*`, `P`, `H`, `S`,
		},
		ldapSchemes: []string{
			`SHA\d*`, `SSHA\d*`, `MD5`, `SMD5`, `CRYPT`, `PBKDF2[\w-]*`, `ARGON2\w*`, `PLAIN`, `CLEARTEXT`,
		},
		awsPrefixes: []string{`AKIA`, `ASIA`, `ABIA`, `ACCA`},
		tokenPrefixes: []string{
			`ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_`, `github_pat_`, // GitHub
			`glpat-`, `gldt-`, `glrt-`, // GitLab
			`npm_`, `pypi-`, `dckr_pat_`, `PMAK-`, // npm, PyPI, Docker Hub, Postman
			`xoxa-`, `xoxb-`, `xoxe-`, `xoxo-`, `xoxp-`, `xoxr-`, `xoxs-`, `xapp-`, // Slack
			`sk_live_`, `sk_test_`, `rk_live_`, `rk_test_`, `pk_live_`, `pk_test_`, `whsec_`, // Stripe
			`FLWSECK-`, `shpat_`, `shpss_`, // Flutterwave, Shopify
			`sk-`, `hf_`, `gsk_`, `r8_`, `nvapi-`, // OpenAI and Anthropic, Hugging Face, Groq, Replicate, NVIDIA
			`AIza`, `ya29\.`, `EAAC`, // Google, Facebook
			`dop_v1_`, `hvs\.`, `hvb\.`, `atlasv1\.`, // DigitalOcean, Vault, Terraform Cloud
			`dapi`, `sbp_`, `tskey-`, // Databricks, Supabase, Tailscale
			`glsa_`, `NRAK-`, `dt0c01\.`, `SG\.`, // Grafana, New Relic, Dynatrace, SendGrid
			`ATATT3`, `lin_api_`, // Atlassian, Linear
		},
		passwordReaders: []string{
			`sudo\s[^|\n]*-\w*S\b`, `passwd\b`, `chpasswd\b`, `cryptsetup\b`, `kinit\b`, `smbpasswd\b`, `vncpasswd\b`,
			`openconnect\b`, `gpg2?\s`, `docker\s+login`, `[^|\n]*--\w+-(?:on-)?(?:stdin|fd)\b`,
		},
	}
}
