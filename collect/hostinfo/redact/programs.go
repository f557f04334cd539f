package redact

import "strings"

// A passwordProgram describes how some programs take a password where no name marks it as one. Its
// texts are lists with blanks between.
type passwordProgram struct {
	programs string
	// next are flags or words whose value is the argument after them.
	next string
	// joined are flags whose value is joined to them.
	joined string
	// letters are the flags of next that may end several one-letter flags: curl -su.
	letters string
	// second are words after which the second argument is a password.
	second string
	// needs is a word that must come first.
	needs string
	// final: the last argument is the password.
	final bool
	// slash: the password follows a name and a slash, bob/password@db.
	slash bool
}

func passwordPrograms() []passwordProgram {
	return []passwordProgram{
		{
			programs: "mysql mysqldump mysqladmin mysqlcheck mysqlimport mysqlshow mysqlslap mysqlbinlog " +
				"mysqlpump mysqlsh mysql_upgrade mariadb mariadb-dump mariadb-admin mariadb-check mariadb-backup mariabackup " +
				"xtrabackup innobackupex mydumper myloader mytop",
			joined: "-p", next: "password",
		},
		{
			programs: "curl",
			next:     "-u --user -U --proxy-user -E --cert --oauth2-bearer -b",
			joined:   "-u -U -b --user= --proxy-user=", letters: "uU",
		},
		{
			programs: "http https xh xhs transmission-remote splunk etcdctl",
			next:     "-a -n -auth --auth --user", joined: "--auth= --user=",
		},
		{
			programs: "redis-cli valkey-cli redis-benchmark",
			next:     "-a AUTH auth requirepass masterauth", joined: "-a",
		},
		{programs: "sshpass", next: "-p", joined: "-p"},
		{
			programs: "mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat mongotop cqlsh beeline " +
				"influx rdesktop ftp ncftp ncftpput ncftpget rdiff dropbear rabbitmqadmin twine az " +
				"youtube-dl yt-dlp inadyn",
			next: "-p", joined: "-p",
		},
		{
			programs: "ldapsearch ldapadd ldapmodify ldapdelete ldappasswd ldapwhoami ldapcompare ldapmodrdn",
			next:     "-w -s -a", joined: "-w",
		},
		{
			programs: "smbclient smbget rpcclient net smbcacls smbmap smbtree samba-tool winexe wmic lftp",
			next:     "-U --user -u", joined: "-U --user= -u",
		},
		{
			programs: "mosquitto_pub mosquitto_sub mosquitto_rr ipmitool sqlcmd bcp isql osql tsql zip unzip " +
				"vmware-cmd",
			next: "-P", joined: "-P",
		},
		{
			programs: "snmpget snmpgetnext snmpwalk snmpbulkget snmpbulkwalk snmpset snmptable snmptrap " +
				"snmpstatus check_snmp",
			next: "-c -C -A -X", joined: "-c",
		},
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
		{
			programs: "check_mysql check_mysql_query check_pgsql check_ldap check_imap check_smtp check_ftp " +
				"check_http check_disk_smb check_oracle",
			next: "-p -P -a -b", joined: "-a -p",
		},
	}
}

func byName(programs []passwordProgram) map[string]*passwordProgram {
	all := make(map[string]*passwordProgram)
	for _, p := range programs {
		for name := range strings.FieldsSeq(p.programs) {
			all[name] = &p
		}
	}
	return all
}
