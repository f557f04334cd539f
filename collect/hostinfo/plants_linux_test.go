package hostinfo

// plants are files with secrets: %s is replaced by one.
func plants() map[string]string {
	return map[string]string{
		"etc/shadow":                         "root:$6$salt$%s:19000:0:99999:7:::\nbob:%s:19000:0:99999:7:::\nold:$1$x$%s:1:::::\n",
		"etc/shadow-":                        "root:$y$j9T$%s:19000:0:99999:7:::\n",
		"etc/gshadow":                        "wheel:%s::root\n",
		"etc/passwd":                         "root:x:0:0:root:/root:/bin/bash\nbob:%s:1000:1000:password=%s:/home/bob:/bin/sh\nold:$1$x$%s:1001:1001::/home/old:/bin/sh\n",
		"etc/group":                          "root:x:0:\nwheel:%s:10:bob\n",
		"etc/ssh/ssh_host_ed25519_key":       "-----BEGIN OPENSSH PRIVATE KEY-----\n%s\n-----END OPENSSH PRIVATE KEY-----\n",
		"etc/ssh/sshd_config":                "Port 22\nSetEnv API=%s TOKEN=%s\nForceCommand /bin/x --password %s\nAuthorizedKeysCommand /bin/k --token=%s %%u\nInclude sshd_config.d/*.conf\nMatch User x\n ForceCommand mysql -p%s\n",
		"etc/ssh/sshd_config.d/a.conf":       "Banner https://bob:%s@example.org/\n",
		"root/.ssh/id_rsa":                   "-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----\n",
		"root/.my.cnf":                       "[client]\nuser=root\npassword=%s\n",
		"root/.pgpass":                       "db:5432:*:bob:%s\n",
		"etc/mysql/debian.cnf":               "[client]\npassword = %s\n",
		"etc/fstab":                          "//srv/a /a cifs username=bob,password=%s,uid=0 0 0\n//bob:%s@srv/b /b cifs credentials=/root/.smb,pass=%s 0 0\nhttps://bob:%s@dav.example.org/ /dav davfs rw 0 0\n//srv/c /c cifs password=a,,%s,ro 0 0\n1.2.3.4:/ /ceph ceph name=admin,secret=%s 0 0\n",
		"root/.smb":                          "username=bob\npassword=%s\n",
		"proc/self/mounts":                   "//srv/a /a cifs rw,username=bob,password=%s 0 0\n",
		"proc/1/mountinfo":                   "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,password=%s\n",
		"proc/sys/net/ipv4/tcp_fastopen_key": "%s\n",
		"proc/sys/net/ipv6/conf/all/stable_secret": "%s\n",
		"proc/sys/kernel/core_pattern":             "|/usr/bin/dump --token=%s\n",
		"proc/sys/kernel/ostype":                   "Linux\n",
		"proc/sys/kernel/osrelease":                "6.1\n",
		"proc/sys/kernel/modprobe":                 "/sbin/modprobe -password %s\n",
		"etc/login.defs":                           "UMASK 022\nLDAP_PASSWORD %s\nLOGIN_STRING \"password=%s\"\n",
		"etc/pam.d/common-auth":                    "auth sufficient pam_mysql.so user=pam passwd=%s host=db\nauth required [pam_x.so] [token=%s with blanks]\nauth required pam_exec.so /bin/x --password %s\nauth required pam_ldap.so bindpw \\\n secret=%s\n",
		"etc/pam.d/common-password":                "password required pam_radius.so shared_secret=%s\n",
		"etc/os-release":                           "ID=x\nPASSWORD=%s\n",
		"etc/crontab":                              "MAILTO=root\nBACKUP_PASSWORD=%s\n1 1 * * * root mysqldump -uroot -p%s shop\n2 1 * * * root curl -u bob:%s https://example.org\n3 1 * * * root PGPASSWORD=%s pg_dump\n4 1 * * * root wget https://bob:%s@example.org/x\n",
		"var/spool/cron/crontabs/root":             "* * * * * /bin/push --api-key=%s\n@daily redis-cli -a %s bgsave\n",
		"etc/cron.daily/backup":                    "#!/bin/sh\nexport PASSWORD=%s\n",
		"etc/apache2/apache2.conf":                 "SetEnv SECRET_KEY %s\nAuthLDAPBindPassword %s\n<VirtualHost *:80>\nServerName a\nRequestHeader set Authorization \"Basic %s\"\n</VirtualHost>\n",
		"etc/httpd/conf/httpd.conf":                "SetEnv SECRET_KEY %s\n",
		"etc/nginx/nginx.conf":                     "http { server { listen 80; server_name a; location / { proxy_set_header Authorization \"Bearer %s\"; proxy_pass http://bob:%s@up/; } } }\n",
		"etc/php/8.2/cli/php.ini":                  "mysqli.default_pw = %s\nsession.save_path = \"tcp://r:6379?auth=%s\"\n",
		"etc/php.ini":                              "mysqli.default_pw = %s\n",
		"etc/postfix/main.cf":                      "relayhost = [smtp.example.org]\nsmtp_sasl_password_maps = static:bob:%s\n",
		"etc/postfix/sasl_passwd":                  "[smtp.example.org]:587 bob:%s\n",
		"etc/fail2ban/jail.local":                  "[sshd]\nenabled = true\naction = cloudflare[cfuser=\"bob\", cftoken=\"%s\"]\nlogpath = /var/log/auth.log\n",
		"etc/lsyncd/lsyncd.conf.lua":               "settings { logfile = \"/l\" }\nsync { default.rsync, source=\"/a\", target=\"rsync://bob:%s@h/m\", rsync = { password_file=\"/p\" } }\n",
		"etc/lsyncd.conf":                          "settings { logfile = \"/l\" }\nsync { default.rsync, source=\"/a\", target=\"bob:%s@h::m\" }\n",
		"var/www/html/wp-config.php":               "<?php\ndefine('DB_NAME','wp');\ndefine('DB_PASSWORD','%s');\ndefine('AUTH_KEY', '%s');\ndefine( \"NONCE_SALT\", \"%s\" );\n$table_prefix = 'wp_';\n",
		"var/www/html/wp-includes/version.php":     "<?php\n$wp_version = '6.4';\n",
		"var/www/shop/app/etc/env.php":             "<?php return ['crypt'=>['key'=>'%s'],'db'=>['connection'=>['default'=>['password'=>'%s']]],'backend'=>['frontName'=>'admin']];\n",
		"var/www/shop/app/etc/local.xml":           "<config><global><crypt><key><![CDATA[%s]]></key></crypt></global></config>\n",
		"var/www/shop/composer.json":               "{\"name\":\"magento/project-community-edition\",\"version\":\"2.4.6\",\"http-basic\":{\"password\":\"%s\"}}\n",
		"etc/apt/auth.conf":                        "machine example.org login bob password %s\n",
		"etc/apt/apt.conf.d/99proxy":               "Acquire::http::Proxy \"http://bob:%s@proxy:3128\";\n",
		"etc/systemd/system/app.service":           "[Unit]\nDescription=App\n[Service]\nEnvironment=PASSWORD=%s\nExecStart=/bin/app --token %s\n[Install]\nWantedBy=multi-user.target\n",
		"etc/wpa_supplicant.conf":                  "network={\n psk=%s\n}\n",
		"proc/77/environ":                          "PASSWORD=%s\x00",
		"proc/77/cmdline":                          "mysqldump\x00-uroot\x00-p%s\x00--password=two %s\x00--token\x00a %s\x00https://bob:%s@h/\x00shop\x00-k\x00%s\x00-K%s\x00X_KEY=%s\x00DSN=%s\x00%s %s %s\x00https://hooks.slack.com/services/T0/B0/%s\x00--header\x00Authorization: Bearer %s\x00/run/%s\x00--\x00%s\x00",
		"proc/77/comm":                             "mysqldump\n",
		"proc/77/stat":                             "77 (mysqldump) S 1 77 77 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 100 1000000 100 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		"proc/77/statm":                            "1000 100 50 1 0 1 0\n",
		"proc/77/status":                           "Name:\tmysqldump\nState:\tS (sleeping)\nPPid:\t1\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nThreads:\t1\n",
		"proc/77/maps":                             "00400000-00401000 r-xp 00000000 fe:00 1 /opt/app (deleted)\n00500000-00501000 rw-s 00000000 fe:00 1 /dev/shm/%s (deleted)\n",
		"proc/stat":                                "cpu  1 1 1 1 1 1 1 0 0 0\ncpu0 1 1 1 1 1 1 1 0 0 0\nbtime 1700000000\n",
		"proc/modules":                             "m 1 0 - Live 0x%s\n",
	}
}

// softwarePlants are files of programs that the first list does not have.
func softwarePlants() map[string]string {
	return map[string]string{
		"etc/cron.d/backup": "DB_PASSWORD=%s\n" +
			"0 1 * * * root mysqldump -p%s shop > /backup\n" +
			"0 2 * * * root curl -u bob:%s https://example.org/\n" +
			"0 3 * * * root API_TOKEN=%s /usr/bin/push --password %s\n" +
			"0 4 * * * root rsync https://bob:%s@example.org/ /x\n" +
			"0 5 * * * root mail bob@example.org%%the password is%%%s\n",
		"etc/anacrontab":                           "PASSWORD=%s\n1 5 backup backup --secret=%s\n",
		"usr/lib/systemd/system/push.service":      "[Unit]\nDescription=Push with token=%s\n[Service]\nEnvironment=API_KEY=%s\nExecStart=/bin/push --password=%s\n",
		"etc/apt/apt.conf.d/90proxy":               `Acquire::http::Proxy "http://bob:%s@proxy:3128";`,
		"etc/dnf/automatic.conf":                   "[commands]\nupgrade_type = security\n[email]\nemail_password = %s\n",
		"etc/apache2/sites-enabled/secret.conf":    "<VirtualHost *:81>\nServerName s.example.org\nSetEnv DB_PASSWORD %s\nCustomLog \"|/usr/bin/ship --token %s\" combined\nAuthLDAPBindPassword %s\nSSLPassPhraseDialog \"|/bin/echo %s\"\n</VirtualHost>\n",
		"etc/nginx/conf.d/secret.conf":             "server {\nlisten 81;\nserver_name s.example.org;\nset $api_key %s;\nlocation / {\nproxy_set_header Authorization \"Basic %s\";\nproxy_pass http://bob:%s@10.0.0.9/;\n}\n}\n",
		"etc/php/8.2/fpm/php.ini":                  "mysqli.default_pw = %s\nsession.save_path = \"tcp://redis:6379?auth=%s\"\nerror_log = \"https://bob:%s@log.example.org/\"\n",
		"etc/postfix/sasl_passwd":                  "[smtp.example.net]:587 bob:%s\n",
		"etc/fail2ban/jail.d/cloud.local":          "[sshd]\naction = cloudflare[cfuser=bob, cftoken=%s]\nlogpath = %%(token)s\ntoken = password=%s\n",
		"etc/lsyncd/lsyncd.conf.lua":               `sync { default.rsync, source = "/a", target = "rsync://bob:%s@backup/x", rsync = { password_file = "/x", _extra = { "--password=%s" } } }`,
		"var/www/blog/wp-config.php":               "<?php\ndefine( 'DB_PASSWORD', '%s' );\ndefine( 'AUTH_KEY', '%s' );\ndefine( 'WP_AUTO_UPDATE_CORE', '%s' );\ndefine( 'WP_DEBUG', true );\n",
		"var/www/blog/wp-content/plugins/leak.php": "<?php\n/*\nPlugin Name: Leak\nVersion: 1 password=%s\n*/\n$key = '%s';\n",
		"srv/shop/app/etc/env.php":                 "<?php return ['crypt' => ['key' => '%s'], 'db' => ['password' => '%s'], 'MAGE_MODE' => '%s'];\n",
		"srv/shop/composer.json":                   `{"require": {"magento/product-community-edition": "2.4"}, "http-basic": {"repo.magento.com": {"password": "%s"}}}`,
		"srv/shop/auth.json":                       `{"http-basic": {"repo.magento.com": {"username": "u", "password": "%s"}}}`,
		"var/www/html/old/app/etc/local.xml":       "<config><password><![CDATA[%s]]></password></config>",
	}
}

// argumentPlants are the shapes that a list of known secrets misses, in arguments and elsewhere.
func argumentPlants() map[string]string {
	return map[string]string{
		"etc/cron.d/shapes": "SENTRY_DSN=https://%s@sentry.example.org/1\nMNEMONIC=\"%s %s %s\"\nX_KEY=%s\n" +
			"1 1 * * * root app -k %s -K%s --key %s\n" +
			"2 1 * * * root X_KEY=%s DSN=user:%s@tcp(db)/x app\n" +
			"3 1 * * * root wallet import %s %s %s\n" +
			"4 1 * * * root curl -d '{\"text\":\"x\"}' https://hooks.slack.com/services/T0/B0/%s\n" +
			"5 1 * * * root wget 'https://bucket.s3.amazonaws.com/x?X-Amz-Signature=%s&X-Amz-Credential=%s'\n" +
			"6 1 * * * root curl -fsS https://hc-ping.com/%s\n" +
			"7 1 * * * root radtest bob %s 10.0.0.1 0 %s\n" +
			"8 1 * * * root echo %s | sudo -S reboot\n" +
			"9 1 * * * root bash -c \"export A=%s; app %s\"\n" +
			"10 1 * * * root . /etc/x && app <<< %s\n" +
			"11 1 * * * root restic -r rest:https://u:%s@h/ backup $(cat %s)\n" +
			"12 1 * * * root lftp -e \"open -u bob,%s h\"\n" +
			"13 1 * * * PASSWORD=%s app\n" +
			"14 1 * * * root app>%s 2>&1;app --a=b%s\n",
		"var/spool/cron/crontabs/bob": "* * * * * mc alias set s https://h key %s\n@reboot tailscale up --authkey %s\n",
		"etc/cron.d/title":            "* * * * * root sh -c '%s\n",
		"etc/fstab.d/x":               "x %s\n",
		"etc/pam.d/sshd": "session optional pam_exec.so quiet /usr/local/bin/notify %s -t %s https://hooks.slack.com/services/%s\n" +
			"auth required pam_radius_auth.so conf=/etc/x %s\nauth [success=1 default=%s] pam_x.so\n" +
			"auth sufficient pam_ldap.so uri=ldap://%s@h/ binddn=cn=x,%s\n",
		"etc/ssh/sshd_config.d/b.conf": "AuthorizedPrincipalsCommand /bin/p -k %s %%u\nSubsystem sftp internal-sftp -P %s\n" +
			"Match User y\n ForceCommand env X_KEY=%s /usr/bin/app \"%s\"\n SetEnv Z=%s\n",
		"proc/sys/kernel/core_uses":  "/bin/app %s --x %s\n",
		"proc/sys/kernel/poweroff":   "/sbin/poweroff --key %s\n",
		"proc/cmdline":               "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ds=nocloud;s=http://h/%s/ luks.key=%s ip=dhcp\n",
		"etc/profile.d/x.sh":         "export X_KEY=%s\n",
		"etc/environment":            "DSN=%s\n",
		"etc/default/app":            "OPTIONS=\"--key %s\"\n",
		"etc/my.cnf.d/client.cnf":    "[client]\npassword=%s\n",
		"etc/redis/redis.conf":       "requirepass %s\nmasterauth %s\n",
		"etc/mongod.conf":            "security:\n  keyFile: %s\n",
		"etc/grafana/grafana.ini":    "[security]\nadmin_password = %s\nsecret_key = %s\n",
		"etc/gitlab/gitlab.rb":       "gitlab_rails['smtp_password'] = '%s'\n",
		"etc/rabbitmq/rabbitmq.conf": "default_pass = %s\n",
		"etc/haproxy/haproxy.cfg":    "userlist u\n user bob insecure-password %s\n",
		"etc/openvpn/auth.txt":       "bob\n%s\n",
		"etc/wireguard/wg0.conf":     "[Interface]\nPrivateKey = %s\n[Peer]\nPresharedKey = %s\n",
		"etc/snmp/snmpd.conf":        "rocommunity %s\n",
		"etc/ldap.conf":              "bindpw %s\n",
		"etc/sssd/sssd.conf":         "ldap_default_authtok = %s\n",
		"etc/zabbix/agent.psk":       "%s\n",
		"etc/aliases":                "root: \"|/bin/x --token %s\"\n",
		"etc/netplan/01.yaml":        "password: %s\n",
		"etc/ppp/chap-secrets":       "bob * %s *\n",
		"etc/exim4/passwd.client":    "h:bob:%s\n",
		"etc/sudoers.d/x":            "bob ALL=(ALL) NOPASSWD: /bin/x --key %s\n",
		"etc/docker/daemon.json":     "{\"http-proxy\":\"http://u:%s@p\"}\n",
		"root/.docker/config.json":   "{\"auths\":{\"h\":{\"auth\":\"%s\"}}}\n",
		"root/.aws/credentials":      "[default]\naws_secret_access_key = %s\n",
		"root/.netrc":                "machine h login bob password %s\n",
		"root/.kube/config":          "users:\n- user:\n    token: %s\n",
		"root/.bash_history":         "mysql -p%s\n",
		"root/.git-credentials":      "https://bob:%s@github.com\n",
		"root/.npmrc":                "//registry.npmjs.org/:_authToken=%s\n",
		"etc/virgo/virgo.yaml":       "endpoint: e:50041\ntoken: %s\nproxy: http://u:%s@p:3128\n",
		"etc/virgo/token":            "%s\n",
		"var/lib/virgo/host.key":     "AGE-SECRET-KEY-1%s\n",
		"etc/systemd/system/job.service": "[Unit]\nDescription=Job token=%s https://hooks.slack.com/services/%s\n[Service]\nEnvironment=\"X_KEY=%s\" DSN=%s\n" +
			"ExecStartPre=/bin/a %s\nExecStart=/bin/b -k %s --dsn=%s\nExecStop=/bin/c https://h/%s\n[Install]\nWantedBy=multi-user.target\n",
		"etc/systemd/system/job.service.d/x.conf": "[Service]\nEnvironment=TOKEN=%s\n",
		"etc/apache2/sites-enabled/shapes.conf": "<VirtualHost *:82>\nServerName https://bob:%s@s.example.org\nErrorLog \"|/bin/ship %s -k %s\"\n" +
			"CustomLog \"|$/bin/ship https://h/%s\" x\nProxyPass / http://h/%s\nRequestHeader set X-Key %s\n</VirtualHost>\nDefine api_key %s\nUser ${api_key}\n",
		"etc/nginx/sites-enabled/shapes": "server { listen 83; server_name t.example.org; location / { proxy_pass https://hooks.slack.com/services/%s;\n" +
			"fastcgi_param X_KEY %s; proxy_pass http://h/x?k=%s; } }\n",
		"etc/php/8.2/apache2/php.ini": "memory_limit = 128M\nerror_log = https://h/%s\nopen_basedir = \"/srv:password=%s\"\n",
		"etc/lsyncd/shapes.lua":       "sync { default.rsync, source=\"/a\", target=\"h::m\", rsync = { _extra = { \"--password=%s\", \"%s\" } } }\n",
		"etc/fail2ban/jail.d/x.local": "[sshd]\nenabled = true\nlogpath = /var/log/auth.log\nport = %%(key)s\nkey = %s\naction = abuseipdb[apikey=%s]\n",
		"proc/77/mountinfo":           "29 1 254:0 / /mnt rw - cifs //bob:%s@h/x rw,username=b,password=%s\n",
	}
}
