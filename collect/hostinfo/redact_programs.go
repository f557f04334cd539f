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
	// second are words behind which the second one is a password.
	second string
	// needs is a word that must come before.
	needs string
	// final: the last argument is one.
	final bool
}

func passwordTakers() []passwordTaker {
	return []passwordTaker{
		{programs: "mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mysqlslap mysqlbinlog mysqlpump mysqlsh mysql_upgrade mariadb mariadb-dump mariadb-admin mariadb-check mariadb-backup mariabackup xtrabackup innobackupex mydumper myloader mytop", joined: "-p"},
		{programs: "curl", next: "-u --user -U --proxy-user -E --cert --oauth2-bearer", joined: "-u -U --user= --proxy-user="},
		{programs: "redis-cli valkey-cli redis-benchmark", next: "-a --pass --askpass"},
		{programs: "sshpass", next: "-p", joined: "-p"},
		{programs: "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh beeline influx rdesktop ftp ncftp rdiff dropbear", next: "-p", joined: "-p"},
		{programs: "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare ldapmodrdn", next: "-w -s -a", joined: "-w"},
		{programs: "smbclient smbget rpcclient net smbcacls smbmap smbtree samba-tool winexe lftp", next: "-U --user -u", joined: "-U --user= -u"},
		{programs: "mosquitto_pub mosquitto_sub mosquitto_rr ipmitool sqlcmd bcp isql osql tsql zip unzip", next: "-P", joined: "-P"},
		{programs: "snmpget snmpgetnext snmpwalk snmpbulkget snmpbulkwalk snmpset snmptable snmptrap snmpstatus check_snmp", next: "-c -C -A -X", joined: "-c"},
		{programs: "plink pscp psftp putty", next: "-pw"},
		{programs: "7z 7za 7zr rar unrar", joined: "-p -hp"},
		{programs: "xfreerdp xfreerdp3 wlfreerdp freerdp", joined: "/p: /password:"},
		{programs: "openssl", next: "-k -K -passin -passout -pass -hmac -psk"},
		{programs: "useradd usermod adduser groupadd groupmod", next: "-p", joined: "-p"},
		{programs: "docker podman nerdctl buildah helm", needs: "login", next: "-p", joined: "-p"},
		{programs: "rabbitmqctl", second: "add_user change_password authenticate_user"},
		{programs: "htpasswd htdigest wpa_passphrase", final: true},
		{programs: "aws", next: "aws_secret_access_key aws_session_token"},
		{programs: "nsupdate dig", next: "-y", joined: "-y"},
		{programs: "check_mysql check_mysql_query check_pgsql check_ldap check_imap check_smtp check_ftp check_http check_disk_smb check_oracle", next: "-p -P -a -b", joined: "-a"},
	}
}

// redactWords finds the programs in a text and takes out what they take.
func redactWords(s string) string {
	var (
		words  []word
		places []int // begin and end of each in s
	)
	found := false
	for i := 0; i < len(s); {
		if s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r' {
			if s[i] == '\n' && len(words) > 0 {
				words[len(words)-1].last = true
			}
			i++
			continue
		}
		end := wordEnd(s, i)
		w := word{text: s[i:end]}
		w.last = strings.HasSuffix(w.text, ";") || w.text == "|" || w.text == "||" || w.text == "&&" || w.text == "&"
		found = found || takerOf(w.text) != nil
		words, places = append(words, w), append(places, i, end)
		i = end
	}
	if !found || !redactPrograms(words) {
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

// redactPrograms changes the words that are passwords, and says whether any is.
func redactPrograms(words []word) bool {
	var taker *passwordTaker
	changed, needed := false, false
	hide := func(i, from int) {
		if i < len(words) && words[i].text != words[i].text[:from]+Redacted {
			words[i].text, changed = words[i].text[:from]+Redacted, true
		}
	}
	final := 0
	for i := 0; i < len(words); i++ {
		w := words[i]
		if t := takerOf(w.text); t != nil {
			taker, needed, final = t, t.needs == "", 0
		} else if taker != nil {
			needed = needed || w.text == taker.needs
			switch flag := joinedFlag(taker, w.text); {
			case !needed:
			case taker.final && !strings.HasPrefix(w.text, "-") && !w.last:
				final = i
			case listed(taker.next, w.text):
				if !w.last && i+1 < len(words) && !strings.HasPrefix(words[i+1].text, "--") {
					hide(i+1, 0)
				}
			case flag != "":
				hide(i, len(flag))
			case listed(taker.second, w.text) && !w.last:
				hide(i+2, 0)
			}
		}
		if words[i].last || i == len(words)-1 {
			if final > 0 && taker != nil && taker.final {
				hide(final, 0)
			}
			taker, final = nil, 0
		}
	}
	return changed
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

func listed(list, text string) bool { return text != "" && slices.Contains(strings.Fields(list), text) }
