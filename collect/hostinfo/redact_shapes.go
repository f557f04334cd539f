package hostinfo

import (
	"regexp"
	"strings"
	"sync"
)

// redactShapes takes out what is a secret by its form.
func redactShapes(s string) string {
	for _, f := range secretForms() {
		if f.needs != "" && !strings.Contains(s, f.needs) {
			continue
		}
		s = f.form.ReplaceAllString(s, f.with)
	}
	return s
}

type secretForm struct {
	// needs is in every text that has the form; empty: nothing is that cheap to look for.
	needs string
	form  *regexp.Regexp
	with  string
}

// secretForms are compiled when they are first wanted. RE2 takes linear time.
var secretForms = sync.OnceValue(func() []secretForm {
	form := func(needs, pattern, with string) secretForm {
		return secretForm{needs, regexp.MustCompile(pattern), with}
	}
	return []secretForm{
		form("-----BEGIN ", `(?s)-----BEGIN [A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]*-----|\z)`, Redacted),
		// user:pw@host, also where the password has a stroke or an @ in it; a port and a path are neither.
		form("://", `([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/"'<>?#]*@`, "${1}"+Redacted+"@"),
		form("://", `([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/:@"'<>]+:(?:[^\s/@"'<>0-9][^\s@"'<>]*|[0-9]+[^\s/@"'<>0-9][^\s@"'<>]*)@`, "${1}"+Redacted+"@"),
		form("//", `(^|[\s"'])//[^\s/:@"']+:[^\s/@"']+@`, "${1}//"+Redacted+"@"),
		form("::", `(^|[\s"'])[\w.-]+:[^\s/@:"']+@([\w.-]+::)`, "${1}"+Redacted+"@${2}"), // rsync's
		form("%", `(\buser(?:name)?=[^\s,%"'/&]*%)[^\s,"']+`, "${1}"+Redacted),           // user=bob%pw of mount.cifs(8)
		form("@", `(?i)(proxy=["']?|ftpfs#)[^\s/:@"']+:[^\s/@"']+@`, "${1}"+Redacted+"@"),
		form("=", `(?i)([?&](?:key|k|auth|access)(?:\[\w*\])?=)[^\s&#"']+`, "${1}"+Redacted),                                               // of an address
		form("'", `(?i)(\b(?:identified\s+(?:with\s+\S+\s+)?by(?:\s+password)?|password)(?:\s*\(\s*|\s+))'[^'\n]*'`, "${1}'"+Redacted+"'"), // SQL's
		form("", `(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?[ \t]*(?:=>|[:=])[ \t]*\\?["']?)[^\r\n"'\\]+`, "${1}${2}"+Redacted),
		form("", `(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]*\d[\w.~+/=-]{7,}`, "${1}"+Redacted),
		// crypt(5) and its kin, LDAP's and the databases' own.
		form("$", `\$(?:[1-9]|2[abxy]?|y|gy|md5|sha1|apr1|argon2(?:id|i|d)|pbkdf2[\w-]*|scrypt|bcrypt[\w-]*|[PHS])\$[./A-Za-z0-9$,=+-]{8,}`, Redacted),
		form("$", `\$[PH]\$[./A-Za-z0-9]{20,}`, Redacted),
		form("{", `\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*|ARGON2\w*|PLAIN|CLEARTEXT)\}[^\s"':,]+`, Redacted),
		form("SCRAM-SHA-", `SCRAM-SHA-\d+\$[^\s"']+`, Redacted),
		form("md5", `\bmd5[0-9a-f]{32}\b`, Redacted),
		form("*", `\*[0-9A-F]{40}\b`, Redacted),
		// Tokens of well-known services.
		form("", `\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b`, Redacted),
		form("eyJ", `\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}`, Redacted),
		form("", `\b(?:gh[pousr]_|github_pat_|glpat-|gldt-|glrt-|npm_|pypi-|dop_v1_|hvs\.|hvb\.|xox[abeoprs]-|xapp-|[srp]k_(?:live|test)_|whsec_|sk-(?:proj-|ant-)?|shpat_|shpss_|AIza|ya29\.|tskey-|hf_|gsk_|r8_|dapi|sbp_|nvapi-|glsa_|NRAK-|ATATT3|FLWSECK-|dt0c01\.|atlasv1\.|lin_api_|SG\.|PMAK-|dckr_pat_|EAAC)[\w.-]{20,}`, Redacted),
		form(":", `\b(bot)?\d{8,12}:[\w-]{30,}`, "${1}"+Redacted), // Telegram's
		form("-", `\bkey-[0-9a-f]{32}\b`, Redacted),
		form("AGE-", `AGE-(?:SECRET-KEY|PLUGIN-\w+)-1[0-9A-Z]+`, Redacted),
		form("hooks.", `(hooks\.slack\.com/(?:services|workflows)/)[\w/-]+`, "${1}"+Redacted),
		form("/webhook", `((?:discord(?:app)?\.com/api/webhooks|webhook\.office\.com/webhookb2)/)[\w@/-]+`, "${1}"+Redacted),
		form("secret,", `(\bsecret,[^\s"']*data=)[^\s,"']+`, "${1}"+Redacted), // qemu's
		form("passwd", `(\bopenssl\s+passwd\s+(?:-salt\s+\S+\s+|-\w+\s+)*)[^\s-]\S*`, "${1}"+Redacted),
		form("<<<", `(<<<\s*)(?:"[^"\n]*"|'[^'\n]*'|\S+)`, "${1}"+Redacted),
		// What a shell pipes into a program that asks for a password.
		form("|", `(\b(?:echo|printf)\s+(?:-\w+\s+)*)(?:"[^"\n]*"|'[^'\n]*'|[^\s|]+)(\s*\|\s*(?:\S*/)?(?:sudo\s[^|\n]*-\w*S\b|passwd\b|chpasswd\b|cryptsetup\b|kinit\b|smbpasswd\b|vncpasswd\b|openconnect\b|gpg2?\s|docker\s+login|[^|\n]*--\w+-(?:on-)?(?:stdin|fd)\b))`, "${1}"+Redacted+"${2}"),
	}
})
