package bundle_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// reseal replaces the seals of a bundle by valid ones of the test's key; nil where the bytes are
// not like a bundle.
func reseal(b []byte) []byte {
	const prefix, head, seal = 20, 5, 64
	if len(b) < prefix {
		return nil
	}
	key := testKey(1)
	out := append([]byte{}, b[:prefix]...)
	for rest := b[prefix:]; len(rest) > 0; {
		if len(rest) < head {
			return append(out, rest...)
		}
		n := int(rest[1])<<24 | int(rest[2])<<16 | int(rest[3])<<8 | int(rest[4])
		if n > len(rest)-head-seal {
			return append(out, rest...)
		}
		body := rest[head : head+n]
		if rest[0] == 'H' {
			var fields map[string]json.RawMessage
			if json.Unmarshal(body, &fields) != nil || fields == nil {
				return nil
			}
			fields["public_key"], _ = json.Marshal(base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)))
			body, _ = json.Marshal(fields)
		}
		out = append(out, rest[0], byte(len(body)>>24), byte(len(body)>>16), byte(len(body)>>8), byte(len(body)))
		out = append(out, body...)
		sum := sha256.Sum256(out)
		out = append(out, ed25519.Sign(key, append([]byte("virgo bundle 1\x00"), sum[:]...))...)
		rest = rest[head+n+seal:]
	}
	return out
}
