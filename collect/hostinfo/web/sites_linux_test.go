package web

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

// A pipe in the place of a file or folder does not block.
func TestPipesAreNotWaitedFor(t *testing.T) {
	h := &source.Host{Root: t.TempDir()}
	pipe := filepath.Join(h.Root, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readSiteFolder(h, webRoot{}, "/pipe"); err == nil {
		t.Error("a pipe is searched")
	}
	held, err := os.OpenFile(pipe, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if b := headOf(held, 10); b != nil {
		t.Errorf("%q is read of a pipe", b)
	}
}

// A lock file of millions of packages is parsed in little more memory than its size.
func TestParseComposerLockTakesLittleMemory(t *testing.T) {
	const most = 1 << 20
	lock := []byte(`{"packages":[` + strings.Repeat("{},", most/3) +
		`{"name":"magento/product-community-edition","version":"2.4.7"}]}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := parseComposerLock(lock)
	runtime.ReadMemStats(&after)
	if m.Version != "2.4.7" {
		t.Errorf("%+v", m)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8*most {
		t.Errorf("it took %d bytes", took)
	}
}

// The search is bounded in depth and skips the folders of programs.
func TestSearchSitesIsBounded(t *testing.T) {
	files := map[string]string{"etc/nginx/nginx.conf": "http { server { root /; } server { server_name deep; root /data/deep; } }"}
	for _, folder := range []string{"data/deep/1/2/3/4/5/6", "data/deep/1/2/3/4/5/6/7", "var/www/a",
		"var/www/a/wp-content/b", "var/www/a/media/c", "var/www/a/blog", "var/www/.git"} {
		files[folder+"/wp-includes/version.php"] = "<?php\n$wp_version = '6.8';"
		files[folder+"/wp-load.php"] = ""
	}
	h := sourcetest.Tree(t, files, nil)
	got, err := readWordpress(t.Context(), h)
	var found []string
	for _, s := range got.(wordpress).Found {
		found = append(found, s.Site+" "+s.Path+" "+s.Version)
	}
	want := []string{"deep /data/deep/1/2/3/4/5/6 6.8", " /var/www/a 6.8", " /var/www/a/blog 6.8"}
	if err != nil || !reflect.DeepEqual(found, want) {
		t.Errorf("%q, %v", found, err)
	}
}

func TestParseMage(t *testing.T) {
	text := "'major' => '1', 'minor' => '10', 'revision' => '0', 'patch' => '', 'stability' => 'beta', 'number' => '1'\n" +
		"const EDITION_ENTERPRISE = 'Enterprise'; static private $_currentEdition = self::EDITION_ENTERPRISE;"
	if got := parseMage([]byte(text)); got.Version != "1.10.0-beta1" || got.Edition != "Enterprise" {
		t.Errorf("%+v", got)
	}
	if got := parseMage(nil); got.Version != "" || got.Edition != "Unknown" {
		t.Errorf("%+v", got)
	}
}

func FuzzSites(f *testing.F) {
	sourcetest.Seeds(f, "software/debian/var/www/blog/*.php",
		"software/debian/var/www/blog/wp-includes/*",
		"software/debian/var/www/blog/wp-content/plugins/*/*.php",
		"software/debian/var/www/html/old/app/*", "software/debian/srv/shop/composer.*", "software/debian/srv/shop/app/etc/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		var s wordpressSite
		parseWordpressConfig(b, &s)
		plugin, _ := parseWordpressHeader(b, "Plugin Name")
		sourcetest.CheckJSON(t, b, s, parseWordpressVersion(b), plugin, parseMage(b), parseComposer(b),
			parseComposerLock(b), parseMagentoMode(b))
	})
}

// A user could make public_html a link to what only root may read; the owner's own links are followed.
func TestWebRootsThatAreLinks(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"root/secret/x": "", "srv/real/x": "", "home/bob/public_html/x": "", "home/eve/x": "", "var/x": "",
	}, nil)
	for link, target := range map[string]string{
		"home/eve/public_html": "../../root/secret", "var/www": "../srv/real",
	} {
		if err := os.Symlink(target, filepath.Join(h.Root, link)); err != nil {
			t.Fatal(err)
		}
	}
	var problems source.Problems
	var got []string
	for _, r := range readWebRoots(t.Context(), h, &problems) {
		got = append(got, r.Path)
	}
	want := []string{"/home/bob/public_html", "/var/www"}
	if !slices.Equal(got, want) || problems.Err() != nil {
		t.Errorf("%q, want %q, %v", got, want, problems.Err())
	}
}

// Magento serves a folder of its own, so the installation is one level up.
func TestWebRootsAbovePub(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"etc/nginx/nginx.conf": "http { server { server_name shop; root /srv/shop/pub; } }",
		"srv/shop/pub/x":       "",
	}, nil)
	var problems source.Problems
	got := readWebRoots(t.Context(), h, &problems)
	if want := []webRoot{{"shop", "/srv/shop/pub"}, {"shop", "/srv/shop"}}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// WordPress also reads the wp-config.php in the folder above its own.
func TestWordpressConfigAbove(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"var/www/a/wp-load.php": "", "var/www/a/wp-includes/version.php": "<?php\n$wp_version = '6.8';",
		"var/www/wp-config.php": "<?php\ndefine('WP_DEBUG', true);\n define( \"DISALLOW_FILE_EDIT\", 1 );\n" +
			"define('WP_AUTO_UPDATE_CORE', 'minor');\ndefine('AUTH_KEY', 'put your unique phrase here');",
	}, nil)
	got := sourcetest.Read[wordpress](t, h, wordpressType())
	if len(got.Found) != 1 {
		t.Fatalf("%+v", got)
	}
	s := got.Found[0]
	if !s.Configured || !s.Debug || s.FileEditing || s.CoreUpdates != "minor" || !s.DefaultKeys || s.UpdatesForbid {
		t.Errorf("%+v", s)
	}
}
