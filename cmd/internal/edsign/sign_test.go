package edsign

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"os/exec"
	"testing"
)

// The test vectors of RFC 8032, 7.1.
func TestVectorsOfRFC8032(t *testing.T) {
	for i, v := range []struct{ seed, public, message, signature string }{
		{
			"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
		},
		{
			"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		},
	} {
		seed, _ := hex.DecodeString(v.seed)
		message, _ := hex.DecodeString(v.message)
		key := NewKey(seed)
		if got := hex.EncodeToString(key[32:]); got != v.public {
			t.Errorf("%d: public key %s", i, got)
		}
		if got := hex.EncodeToString(Sign(key, message)); got != v.signature {
			t.Errorf("%d: signature %s", i, got)
		}
	}
}

func FuzzSameAsCryptoEd25519(f *testing.F) {
	f.Add(make([]byte, 32), []byte("message"))
	f.Add(bytes.Repeat([]byte{0xff}, 32), []byte(nil))
	for i := range byte(64) {
		f.Add(bytes.Repeat([]byte{i}, 32), bytes.Repeat([]byte{i}, int(i)))
	}
	f.Fuzz(func(t *testing.T, seed, message []byte) {
		if len(seed) != ed25519.SeedSize {
			return
		}
		key := ed25519.NewKeyFromSeed(seed)
		if got := NewKey(seed); !got.Equal(key) {
			t.Fatalf("%x is the key %x, want %x", seed, got, key)
		}
		if got := Sign(key, message); !bytes.Equal(got, ed25519.Sign(key, message)) {
			t.Errorf("signed %x by %x: %x", message, seed, got)
		}
	})
}

// TestMain lets the test binary be a process that signs once, for BenchmarkFirst.
func TestMain(m *testing.M) {
	seed := make([]byte, ed25519.SeedSize)
	switch os.Getenv("SIGN_WITH") {
	case "edsign":
		os.Stdout.Write(Sign(NewKey(seed), seed))
	case "crypto":
		os.Stdout.Write(ed25519.Sign(ed25519.NewKeyFromSeed(seed), seed))
	case "nothing":
	default:
		os.Exit(m.Run())
	}
}

// What the first signature of a process takes: compare with "nothing".
func BenchmarkFirst(b *testing.B) {
	for _, with := range []string{"nothing", "edsign", "crypto"} {
		b.Run(with, func(b *testing.B) {
			var used int64
			for b.Loop() {
				cmd := exec.Command(os.Args[0])
				cmd.Env = []string{"SIGN_WITH=" + with}
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				used += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Nanoseconds()
			}
			b.ReportMetric(float64(used)/float64(b.N), "cpu-ns/op")
		})
	}
}
