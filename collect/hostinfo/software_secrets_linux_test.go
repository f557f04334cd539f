package hostinfo

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"virgo/collect/hostinfo/redact"
)

// Secrets are where owners and programs put them, and in no answer. Each is s3cr3t and a number,
// which identifies a leak.
func TestNoSoftwareAnswerHasASecret(t *testing.T) {
	h := softwareFamilies()[0].host(t)
	for name, text := range map[string]string{
		"etc/cron.d/backup": "DB_PASSWORD=s3cr3t01\n" +
			"0 1 * * * root mysqldump -ps3cr3t02 shop > /backup\n" +
			"0 2 * * * root curl -u bob:s3cr3t03 https://example.org/\n" +
			"0 3 * * * root API_TOKEN=s3cr3t04 /usr/bin/push --password s3cr3t05\n" +
			"0 4 * * * root rsync https://bob:s3cr3t06@example.org/ /x\n" +
			"0 5 * * * root mail bob@example.org%the password is%s3cr3t07\n",
		"etc/anacrontab":                           "PASSWORD=s3cr3t08\n1 5 backup backup --secret=s3cr3t09\n",
		"usr/lib/systemd/system/push.service":      "[Unit]\nDescription=Push with token=s3cr3t10\n[Service]\nEnvironment=API_KEY=s3cr3t11\nExecStart=/bin/push --password=s3cr3t12\n",
		"etc/apt/apt.conf.d/90proxy":               `Acquire::http::Proxy "http://bob:s3cr3t13@proxy:3128";`,
		"etc/dnf/automatic.conf":                   "[commands]\nupgrade_type = security\n[email]\nemail_password = s3cr3t14\n",
		"etc/apache2/sites-enabled/secret.conf":    "<VirtualHost *:81>\nServerName s.example.org\nSetEnv DB_PASSWORD s3cr3t15\nCustomLog \"|/usr/bin/ship --token s3cr3t16\" combined\nAuthLDAPBindPassword s3cr3t17\nSSLPassPhraseDialog \"|/bin/echo s3cr3t18\"\n</VirtualHost>\n",
		"etc/nginx/conf.d/secret.conf":             "server {\nlisten 81;\nserver_name s.example.org;\nset $api_key s3cr3t19;\nlocation / {\nproxy_set_header Authorization \"Basic s3cr3t20\";\nproxy_pass http://bob:s3cr3t21@10.0.0.9/;\n}\n}\n",
		"etc/php/8.2/fpm/php.ini":                  "mysqli.default_pw = s3cr3t22\nsession.save_path = \"tcp://redis:6379?auth=s3cr3t23\"\nerror_log = \"https://bob:s3cr3t24@log.example.org/\"\n",
		"etc/postfix/sasl_passwd":                  "[smtp.example.net]:587 bob:s3cr3t25\n",
		"etc/fail2ban/jail.d/cloud.local":          "[sshd]\naction = cloudflare[cfuser=bob, cftoken=s3cr3t26]\nlogpath = %(token)s\ntoken = password=s3cr3t27\n",
		"etc/lsyncd/lsyncd.conf.lua":               `sync { default.rsync, source = "/a", target = "rsync://bob:s3cr3t28@backup/x", rsync = { password_file = "/x", _extra = { "--password=s3cr3t29" } } }`,
		"var/www/blog/wp-config.php":               "<?php\ndefine( 'DB_PASSWORD', 's3cr3t30' );\ndefine( 'AUTH_KEY', 's3cr3t31' );\ndefine( 'WP_AUTO_UPDATE_CORE', 's3cr3t32' );\ndefine( 'WP_DEBUG', true );\n",
		"var/www/blog/wp-content/plugins/leak.php": "<?php\n/*\nPlugin Name: Leak\nVersion: 1 password=s3cr3t33\n*/\n$key = 's3cr3t34';\n",
		"srv/shop/app/etc/env.php":                 "<?php return ['crypt' => ['key' => 's3cr3t35'], 'db' => ['password' => 's3cr3t36'], 'MAGE_MODE' => 's3cr3t37'];\n",
		"srv/shop/composer.json":                   `{"require": {"magento/product-community-edition": "2.4"}, "http-basic": {"repo.magento.com": {"password": "s3cr3t38"}}}`,
		"srv/shop/auth.json":                       `{"http-basic": {"repo.magento.com": {"username": "u", "password": "s3cr3t39"}}}`,
		"var/www/html/old/app/etc/local.xml":       "<config><password><![CDATA[s3cr3t40]]></password></config>",
	} {
		file := filepath.Join(h.Root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Links that a site's owner may create are not followed.
	if err := os.WriteFile(filepath.Join(h.Root, "root.php"), []byte("/*\nPlugin Name: s3cr3t41\n*/"),
		0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"var/www/blog/wp-content/plugins/out.php": filepath.Join(h.Root, "root.php"),
		"var/www/blog/wp-content/themes/out":      "../../../../../",
		"var/www/blog/loop":                       "../blog",
	} {
		if err := os.Symlink(target, filepath.Join(h.Root, link)); err != nil {
			t.Fatal(err)
		}
	}
	prints := h.Output
	h.Output = plantedOutput(prints)
	// The types that show texts with secrets show the mark in their place.
	show := []string{"apache2", "cron", "fail2ban", "iptables", "lsyncd", "nginx_config", "php",
		"postfix", "services", "wordpress"}
	for _, s := range softwareTypes() {
		b, err := json.Marshal(answer(t.Context(), h, s))
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(show, s.Name) && !strings.Contains(string(b), redact.Mark) {
			t.Errorf("%s does not show what was planted", s.Name)
		}
		for at := strings.Index(string(b), "s3cr3t"); at >= 0; at = -1 {
			t.Errorf("%s has a secret: %s", s.Name, b[max(0, at-120):min(len(b), at+40)])
		}
	}
}

// plantedOutput adds secrets to what programs print.
type runFunc = func(ctx context.Context, name string, args ...string) ([]byte, error)

func plantedOutput(prints runFunc) runFunc {
	return func(ctx context.Context, name string, args ...string) ([]byte, error) {
		out, err := prints(ctx, name, args...)
		switch name {
		case "postconf":
			out = append(out,
				"smtp_sasl_password_maps = inline:{example.net=bob:s3cr3t42}\nrelayhost = http://bob:s3cr3t43@example.net\n"...)
		case "iptables-save":
			out = append(out, "*filter\n-A INPUT -m comment --comment \"password=s3cr3t44\" -j ACCEPT\nCOMMIT\n"...)
		case "sh":
			out = append(out, "configure arguments: --with-cc-opt='-DAPI_TOKEN=s3cr3t45'\n"...)
		}
		return out, err
	}
}
