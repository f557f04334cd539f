package system

import (
	"maps"
	"os"
	"strings"
	"testing"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestSysctlAgreesWithTheFiles(t *testing.T) {
	all := sourcetest.Read[kernelSettings](t, &source.Host{}, sysctlType())
	for key, file := range map[string]string{"kernel.ostype": "kernel/ostype",
		"vm.swappiness": "vm/swappiness", "kernel.hostname": "kernel/hostname"} {
		b, err := os.ReadFile("/proc/sys/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if all[key] != strings.TrimSpace(string(b)) {
			t.Errorf("%s: %q, the file says %q", key, all[key], b)
		}
	}
	for key := range all {
		if strings.HasSuffix(key, "fastopen_key") || strings.HasSuffix(key, "stable_secret") || key == "kernel.random.uuid" {
			t.Errorf("%s is shown", key)
		}
	}
	if len(all) < 300 {
		t.Errorf("only %d settings", len(all))
	}
}

// Each kind of secret of the kernel is left out, and what only resembles one is not.
func TestSecretSysctlsAreLeftOut(t *testing.T) {
	secrets := map[string]string{
		"_key": "net/ipv4/tcp_fastopen_key", "_secret": "net/ipv6/conf/eth0/stable_secret", "_seed": "net/core/flow_hash_seed",
		"random.uuid": "kernel/random/uuid",
	}
	files := map[string]string{"proc/sys/kernel/random/boot_id": "5f\n", "proc/sys/kernel/keys/maxkeys": "200\n"}
	for _, file := range secrets {
		files["proc/sys/"+file] = sourcetest.Secret + "\n"
	}
	files["proc/sys/net/ipv4/route/flush"] = "1\n"
	h := sourcetest.Tree(t, files, nil)
	// Some settings can only be written; root could read the file all the same.
	if err := os.Chmod(h.Path("/proc/sys/net/ipv4/route/flush"), 0o200); err != nil {
		t.Fatal(err)
	}
	got := sourcetest.Read[kernelSettings](t, h, sysctlType())
	if want := (kernelSettings{"kernel.random.boot_id": "5f", "kernel.keys.maxkeys": "200"}); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, ending := range secretSysctlEndings() {
		if secrets[ending] == "" {
			t.Errorf("%s has no sample", ending)
		}
	}
}

func FuzzModules(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/proc/modules")
	f.Fuzz(func(t *testing.T, b []byte) { sourcetest.CheckJSON(t, b, parseModules(b)) })
}
