package hostinfo

import (
	"slices"
	"strings"
	"sync"
)

// A word of a command line.
type word struct {
	text string
	// end of a command: a shell's ;, |, & or the end of the line is behind it.
	last bool
}

// A passwordTaker is how a well-known program takes a password where no name says so.
type passwordTaker struct {
	programs string
	// next are flags whose value is the argument behind them, joined those that begin with it.
	next, joined string
	// letters are flags of next that may stand behind others: curl -su.
	letters string
	// second are words behind which the second one is a password.
	second string
	// needs is a word that must come before.
	needs string
	// final: the last argument is one; slash: one stands behind a name and a stroke, bob/pw@db.
	final, slash bool
}

func passwordTakers() []passwordTaker {
	return []passwordTaker{
		{programs: "mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mysqlslap mysqlbinlog mysqlpump mysqlsh mysql_upgrade mariadb mariadb-dump mariadb-admin mariadb-check mariadb-backup mariabackup xtrabackup innobackupex mydumper myloader mytop", joined: "-p", next: "password"},
		{programs: "curl", next: "-u --user -U --proxy-user -E --cert --oauth2-bearer -b --cookie", joined: "-u -U -b --user= --proxy-user= --cookie=", letters: "uU"},
		{programs: "http https xh xhs transmission-remote splunk etcdctl", next: "-a -n -auth --auth --user", joined: "--auth= --user="},
		{programs: "redis-cli valkey-cli redis-benchmark", next: "-a --pass --askpass AUTH auth requirepass masterauth", joined: "-a"},
		{programs: "sshpass", next: "-p", joined: "-p"},
		{programs: "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh beeline influx rdesktop ftp ncftp ncftpput ncftpget rdiff dropbear rabbitmqadmin twine az youtube-dl yt-dlp inadyn", next: "-p", joined: "-p"},
		{programs: "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare ldapmodrdn", next: "-w -s -a", joined: "-w"},
		{programs: "smbclient smbget rpcclient net smbcacls smbmap smbtree samba-tool winexe wmic lftp", next: "-U --user -u", joined: "-U --user= -u"},
		{programs: "mosquitto_pub mosquitto_sub mosquitto_rr ipmitool sqlcmd bcp isql osql tsql zip unzip vmware-cmd", next: "-P", joined: "-P"},
		{programs: "snmpget snmpgetnext snmpwalk snmpbulkget snmpbulkwalk snmpset snmptable snmptrap snmpstatus check_snmp", next: "-c -C -A -X", joined: "-c"},
		{programs: "plink pscp psftp putty", next: "-pw"},
		{programs: "7z 7za 7zr rar unrar", joined: "-p -hp"},
		{programs: "xfreerdp xfreerdp3 wlfreerdp freerdp", joined: "/p: /password:"},
		{programs: "openssl", next: "-k -K -passin -passout -pass -hmac -psk"},
		{programs: "useradd usermod adduser groupadd groupmod", next: "-p", joined: "-p"},
		{programs: "docker podman nerdctl buildah helm", needs: "login", next: "-p", joined: "-p"},
		{programs: "rabbitmqctl", second: "add_user change_password authenticate_user"},
		{programs: "htpasswd htdigest wpa_passphrase", final: true},
		{programs: "nmcli pppd", next: "password"},
		{programs: "kubectl oc", next: "--from-literal", joined: "--from-literal="},
		{programs: "vault ngrok grafana-cli", next: "login authtoken add-authtoken reset-admin-password"},
		{programs: "swaks sendemail sendEmail", next: "-ap -xp"},
		{programs: "mc mcli", needs: "set", final: true},
		{programs: "sqlplus sqlldr expdp impdp exp imp rman", slash: true},
		{programs: "aws", next: "aws_secret_access_key aws_session_token"},
		{programs: "nsupdate dig", next: "-y", joined: "-y"},
		{programs: "check_mysql check_mysql_query check_pgsql check_ldap check_imap check_smtp check_ftp check_http check_disk_smb check_oracle", next: "-p -P -a -b", joined: "-a -p"},
	}
}

// redactWords finds the programs in a text and takes out what they take.
func redactWords(s string) string {
	var (
		words  []word
		places []int // begin and end of each in s
	)
	found, changed := false, false
	for i := 0; i < len(s); {
		if s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r' {
			if s[i] == '\n' && len(words) > 0 {
				words[len(words)-1].last = true
			}
			i++
			continue
		}
		end := wordEnd(s, i)
		w := word{text: redactQuoted(s[i:end])}
		changed = changed || w.text != s[i:end]
		w.last = strings.HasSuffix(w.text, ";") || w.text == "|" || w.text == "||" || w.text == "&&" || w.text == "&"
		found = found || takerOf(w.text) != nil
		words, places = append(words, w), append(places, i, end)
		i = end
	}
	if found && redactPrograms(words) {
		changed = true
	}
	if !changed {
		return s
	}
	var b strings.Builder
	kept := 0
	for i, w := range words {
		b.WriteString(s[kept:places[2*i]])
		b.WriteString(w.text)
		kept = places[2*i+1]
	}
	b.WriteString(s[kept:])
	return b.String()
}

// redactQuoted looks for programs in the first quoted part of a word, which may be a command of its own:
// su -c "mysql -p…". What is quoted holds no quote of the same kind, so this goes two deep.
func redactQuoted(text string) string {
	from := strings.IndexAny(text, `"'`)
	if from < 0 {
		return text
	}
	inner, after, closed := strings.Cut(text[from+1:], text[from:from+1])
	if !closed || !strings.ContainsAny(inner, " \t") {
		return text
	}
	return text[:from+1] + redactWords(inner) + text[from:from+1] + after
}

// wordEnd is where the word at i ends; blanks in quotes are in it. A quote that its line does not close is a
// letter like others.
func wordEnd(s string, i int) int {
	var quote byte
	blank := len(s) // the first one, whatever stands around it
	for j := i; j < len(s); j++ {
		c := s[j]
		isBlank := c == ' ' || c == '\t' || c == '\n' || c == '\r'
		if isBlank {
			blank = min(blank, j)
		}
		switch {
		case isBlank && quote == 0:
			return j
		case c == '\n':
			return blank
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return blank
}

// redactPrograms changes the words that are passwords, and says whether any is. All programs that a command names
// count to its end, because an argument may have the name of one.
func redactPrograms(words []word) bool {
	var takers []*passwordTaker
	changed := false
	hide := func(i, from int) {
		if i < len(words) && words[i].text != words[i].text[:from]+Redacted {
			words[i].text, changed = words[i].text[:from]+Redacted, true
		}
	}
	start := 0
	for i, w := range words {
		if t := takerOf(w.text); t != nil && !slices.Contains(takers, t) {
			takers = append(takers, t)
		}
		if w.last || i == len(words)-1 {
			for _, t := range takers {
				t.take(words[start:i+1], func(at, from int) { hide(start+at, from) })
			}
			takers, start = nil, i+1
		}
	}
	return changed
}

// take hides what the program takes in one command; from is where in the word the secret begins.
func (t *passwordTaker) take(command []word, hide func(at, from int)) {
	named, needed, final := false, t.needs == "", 0
	for i, w := range command {
		if !named {
			named = takerOf(w.text) == t
			continue
		}
		needed = needed || w.text == t.needs
		switch flag := joinedFlag(t, w.text); {
		case !needed || w.text == t.needs:
		case listed(t.next, w.text) || t.letters != "" && lettersEnd(w.text, t.letters):
			if i+1 < len(command) && !strings.HasPrefix(command[i+1].text, "--") {
				hide(i+1, 0)
			}
		case flag != "":
			hide(i, len(flag))
		case t.slash && slashAt(w.text) > 0:
			hide(i, slashAt(w.text))
		case listed(t.second, w.text) && i+2 < len(command):
			hide(i+2, 0)
		}
		if t.final && isRedirection(w.text) {
			break
		}
		if t.final && needed && w.text != t.needs && !strings.HasPrefix(w.text, "-") && strings.Trim(w.text, "|&;") != "" {
			final = i
		}
	}
	if final > 0 {
		hide(final, 0)
	}
}

func takerOf(text string) *passwordTaker {
	if i := strings.LastIndexAny(text, `/\`); i >= 0 {
		text = text[i+1:]
	}
	text = strings.Trim(strings.TrimSuffix(text, ".exe"), `"'()$`+"`")
	if text == "" || len(text) > 32 {
		return nil
	}
	return takerByProgram()[text]
}

var takerByProgram = sync.OnceValue(func() map[string]*passwordTaker {
	all := make(map[string]*passwordTaker)
	for _, t := range passwordTakers() {
		for name := range strings.FieldsSeq(t.programs) {
			all[name] = &t
		}
	}
	return all
})

func joinedFlag(t *passwordTaker, text string) string {
	for flag := range strings.FieldsSeq(t.joined) {
		if rest, ok := strings.CutPrefix(text, flag); ok && rest != "" {
			return flag
		}
	}
	return ""
}

// lettersEnd says whether a word is several flags of one letter, the last of them one of those.
func lettersEnd(text, letters string) bool {
	if len(text) < 3 || text[0] != '-' || text[1] == '-' {
		return false
	}
	for _, c := range text[1:] {
		if c < 'A' || c > 'z' || c > 'Z' && c < 'a' {
			return false
		}
	}
	return strings.IndexByte(letters, text[len(text)-1]) >= 0
}

// slashAt is where in NAME/PASSWORD, also behind userid=, the password begins; 0 in what is none.
func slashAt(text string) int {
	name, password, ok := strings.Cut(text, "/")
	name = strings.TrimLeft(name[strings.IndexByte(name, '=')+1:], `"'`)
	if !ok || password == "" || name == "" || strings.Trim(name, nameLetters+"$#") != "" || strings.Contains(text, "=") && !strings.HasPrefix(text, "userid=") {
		return 0
	}
	return len(text) - len(password)
}

// isRedirection tells 2>&1 and >/dev/null from an argument.
func isRedirection(text string) bool {
	text = strings.TrimLeft(text, "0123456789&")
	return text != "" && (text[0] == '>' || text[0] == '<')
}

func listed(list, text string) bool { return text != "" && slices.Contains(strings.Fields(list), text) }
