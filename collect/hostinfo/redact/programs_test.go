package redact

import (
	"slices"
	"strings"
	"testing"
)

// wantedPrograms are the programs as the table must have them. They are written twice, so that a
// program or a flag cannot be lost unnoticed.
func wantedPrograms() []passwordProgram {
	return []passwordProgram{
		{programs: "mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mysqlslap mysqlbinlog mysqlpump mysqlsh mysql_upgrade mariadb mariadb-dump mariadb-admin mariadb-check mariadb-backup mariabackup xtrabackup innobackupex mydumper myloader mytop", joined: "-p", next: "password"},
		{programs: "curl", next: "-u --user -U --proxy-user -E --cert --oauth2-bearer -b", joined: "-u -U -b --user= --proxy-user=", letters: "uU"},
		{programs: "http https xh xhs transmission-remote splunk etcdctl", next: "-a -n -auth --auth --user", joined: "--auth= --user="},
		{programs: "redis-cli valkey-cli redis-benchmark", next: "-a AUTH auth requirepass masterauth", joined: "-a"},
		{programs: "sshpass", next: "-p", joined: "-p"},
		{programs: "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh beeline influx rdesktop ftp ncftp ncftpput ncftpget rdiff dropbear rabbitmqadmin twine az youtube-dl yt-dlp inadyn", next: "-p", joined: "-p"},
		{programs: "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare ldapmodrdn", next: "-w -s -a", joined: "-w"},
		{programs: "smbclient smbget rpcclient net smbcacls smbmap smbtree samba-tool winexe wmic lftp", next: "-U --user -u", joined: "-U --user= -u"},
		{programs: "mosquitto_pub mosquitto_sub mosquitto_rr ipmitool sqlcmd bcp isql osql tsql zip unzip vmware-cmd", next: "-P", joined: "-P"},
		{programs: "snmpget snmpgetnext snmpwalk snmpbulkget snmpbulkwalk snmpset snmptable snmptrap snmpstatus check_snmp", next: "-c -C -A -X", joined: "-c"},
		{programs: "7z 7za 7zr rar unrar", joined: "-p -hp"},
		{programs: "xfreerdp xfreerdp3 wlfreerdp freerdp", joined: "/p:"},
		{programs: "openssl", next: "-k -K -passin -passout -hmac"},
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

// lines are command lines of a program, by the way in which it takes the password.
func (p passwordProgram) lines(name string) map[string]string {
	all := map[string]string{}
	begin := strings.TrimSpace(name+" -v "+p.needs) + " "
	for flag := range strings.FieldsSeq(p.next) {
		all["next "+flag] = begin + flag + " " + S + " x.tld"
	}
	for flag := range strings.FieldsSeq(p.joined) {
		all["joined "+flag] = begin + flag + S + " x.tld"
	}
	for _, letter := range p.letters {
		all["letter "+string(letter)] = begin + "-s" + string(letter) + " " + S
	}
	for command := range strings.FieldsSeq(p.second) {
		all["second "+command] = begin + command + " bob " + S + " x.tld"
	}
	if p.final {
		all["final"] = begin + "x.tld bob " + S
	}
	if p.slash {
		all["slash"] = begin + "bob/" + S
	}
	return all
}

// without removes one way of taking a password.
func (p passwordProgram) without(way string) passwordProgram {
	kind, which, _ := strings.Cut(way, " ")
	drop := func(list *string) {
		*list = strings.Join(slices.DeleteFunc(strings.Fields(*list), func(s string) bool { return s == which }), " ")
	}
	switch kind {
	case "next":
		drop(&p.next)
	case "joined":
		drop(&p.joined)
	case "letter":
		p.letters = strings.ReplaceAll(p.letters, which, "")
	case "second":
		drop(&p.second)
	case "final":
		p.final = false
	case "slash":
		p.slash = false
	}
	return p
}

func TestEachProgramIsNeeded(t *testing.T) {
	table, wanted := passwordPrograms(), wantedPrograms()
	if !slices.Equal(table, wanted) {
		t.Errorf("the table of programs is not what this test has: change both\n%+v\n%+v", table, wanted)
	}
	s, n := shapes(lists()), names()
	for i, row := range wanted {
		for name := range strings.FieldsSeq(row.programs) {
			others := strings.Fields(row.programs)
			others = slices.DeleteFunc(others, func(s string) bool { return s == name })
			rest := slices.Clone(wanted)
			rest[i].programs = strings.Join(others, " ")
			r := newRedactor(nil, n, rest)
			needed := false
			for way, line := range row.lines(name) {
				if got := Text(line); strings.Contains(got, S) {
					t.Errorf("%s: %q", way, got)
				}
				needed = needed || strings.Contains(r.text(line), S)
			}
			if !needed {
				t.Errorf("%s: nothing would notice its loss", name)
			}
		}
		name := strings.Fields(row.programs)[0]
		for way, line := range row.lines(name) {
			rest := slices.Clone(wanted)
			rest[i] = row.without(way)
			if got := newRedactor(s, n, rest).text(line); !strings.Contains(got, S) {
				t.Errorf("%s, %s: %q is redacted without it: %q", name, way, line, got)
			}
		}
	}
}
