package bundle

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"virgo/collect/collecttest"
)

// repository is one of a package "one" in version 2.0, which closes a security hole.
var repository = map[string]string{
	"primary": `<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="1"><package type="rpm">
<name>one</name><arch>noarch</arch><version epoch="0" ver="2.0" rel="1"/><checksum type="sha256" pkgid="YES">0123456701234567012345670123456701234567012345670123456701234567</checksum><summary>x</summary>
<description>x</description><time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="one-2.0-1.noarch.rpm"/>
<format><rpm:license>x</rpm:license><rpm:provides><rpm:entry name="one" flags="EQ" epoch="0" ver="2.0" rel="1"/></rpm:provides></format></package></metadata>`,
	"filelists": `<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="1"><package pkgid="0123456701234567012345670123456701234567012345670123456701234567" name="one" arch="noarch">
<version epoch="0" ver="2.0" rel="1"/></package></filelists>`,
	"updateinfo": `<updates><update from="x" status="final" type="security" version="1"><id>TEST-2026:1</id><title>x</title><severity>Important</severity>
<issued date="2026-11-01 00:00:00"/><pkglist><collection short="x"><name>x</name><package name="one" version="2.0" release="1" epoch="0" arch="noarch" src="one.src.rpm">
<filename>one-2.0-1.noarch.rpm</filename></package></collection></pkglist></update></updates>`,
}

// The host of this test is a folder with one package, and a repository that has a newer one.
func TestRealDNF(t *testing.T) {
	t.Parallel()
	dnf, rpmbuild := collecttest.Program(t, "dnf", "dnf"), collecttest.Program(t, "rpmbuild", "rpm")
	if os.Getuid() != 0 {
		t.Skip("only root may install packages into a folder")
	}
	dir := collecttest.Folder(t)
	metadata := filepath.Join(dir, "repository", "repodata")
	for _, path := range []string{metadata, filepath.Join(dir, "root")} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	index := `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>`
	for name, text := range repository {
		write(t, filepath.Join(metadata, name+".xml"), text)
		index += fmt.Sprintf(`<data type="%[1]s"><checksum type="sha256">%[2]x</checksum><location href="repodata/%[1]s.xml"/><timestamp>1</timestamp><size>%[3]d</size></data>`,
			name, sha256.Sum256([]byte(text)), len(text))
	}
	write(t, filepath.Join(metadata, "repomd.xml"), index+"</repomd>")
	spec := write(t, filepath.Join(dir, "one.spec"), "Name: one\nVersion: 1.0\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%description\nx\n%files\n")
	command(t, nil, rpmbuild, "-bb", "--quiet", "--define", "_topdir "+dir, "--define", "_dbpath "+filepath.Join(dir, "built"), spec)
	none := filepath.Join(dir, "none")
	config := write(t, filepath.Join(dir, "dnf.conf"), "[main]\nplugins=0\ngpgcheck=0\ncachedir="+filepath.Join(dir, "cache")+"\npersistdir="+filepath.Join(dir, "state")+
		"\nlogdir="+filepath.Join(dir, "log")+"\nreposdir="+none+"\nvarsdir="+none+"\n[here]\nname=here\nbaseurl=file://"+filepath.Dir(metadata)+"\n")
	there := []string{dnf, "-c", config, "--installroot", filepath.Join(dir, "root"), "--releasever", "1"}
	// Debian's rpm has the list of installed packages below HOME, which is / for the programs of scripts.
	for _, args := range [][]string{
		{"-y", "-q", "--disablerepo", "*", "install", filepath.Join(dir, "RPMS", "noarch", "one-1.0-1.noarch.rpm")},
		{"-q", "makecache"},
	} {
		command(t, []string{"HOME=/"}, dnf, append(there[1:len(there):len(there)], args...)...)
	}
	o := commands{"dnf": there}.run(t, "updates")
	reports(t, o, map[string]string{"manager": "dnf", "pending": "1", "security": "1"})
	if want := "1 updates, 1 for security: one"; o.Status != want {
		t.Errorf("the status is %q, want %q", o.Status, want)
	}
}
