package api

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
)

func hashModule() script.Module {
	sum := func(name, doc string, f func(b []byte) []byte) script.Function {
		return script.Function{
			Name: name, Signature: "hash." + name + "(text) -> text", Doc: doc, MinArgs: 1, MaxArgs: 1,
			Call: func(c *script.Call, l *lua.LState) int {
				l.Push(lua.LString(hex.EncodeToString(f([]byte(textAt(c, l, 1))))))
				return 1
			},
		}
	}
	return script.Module{
		Name: "hash", Pure: true,
		Doc: "Checksums, in hexadecimal digits.",
		Functions: []script.Function{
			sum("sha256", "SHA-256.", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
			sum("sha1", "SHA-1: for protocols that want it, not for security.",
				func(b []byte) []byte { s := sha1.Sum(b); return s[:] }),
			sum("md5", "MD5: for protocols that want it, not for security.",
				func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
			sum("crc32", "CRC-32 (IEEE), as zip and Ethernet have it.", func(b []byte) []byte {
				s := crc32.ChecksumIEEE(b)
				return []byte{byte(s >> 24), byte(s >> 16), byte(s >> 8), byte(s)}
			}),
			{Name: "hmac_sha256", Signature: "hash.hmac_sha256(key, text) -> text", MinArgs: 2, MaxArgs: 2,
				Doc: "HMAC with SHA-256 of a text under a key.",
				Call: func(c *script.Call, l *lua.LState) int {
					m := hmac.New(sha256.New, []byte(textAt(c, l, 1)))
					m.Write([]byte(textAt(c, l, 2)))
					l.Push(lua.LString(hex.EncodeToString(m.Sum(nil))))
					return 1
				}},
		},
	}
}

func base64Module() script.Module {
	return script.Module{
		Name: "base64", Pure: true,
		Doc: "Base64 (RFC 4648).",
		Functions: []script.Function{
			{Name: "encode", Signature: "base64.encode(text) -> text", MinArgs: 1, MaxArgs: 1,
				Doc: "Encodes a text, with padding and without line ends.",
				Call: func(c *script.Call, l *lua.LState) int {
					return c.Push(l, base64.StdEncoding.EncodeToString([]byte(textAt(c, l, 1))))
				}},
			{Name: "decode", Signature: "base64.decode(text) -> text", MinArgs: 1, MaxArgs: 1,
				Doc: "Decodes a text, with or without padding, of the usual alphabet or of that for " +
					"URLs; nil and why if it is none.",
				Call: func(c *script.Call, l *lua.LState) int {
					b, err := decodeBase64(textAt(c, l, 1))
					if err != nil {
						return c.Fail(l, err)
					}
					return c.Push(l, string(b))
				}},
		},
	}
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, errors.New("not base64")
	}
	return b, nil
}

func hexModule() script.Module {
	return script.Module{
		Name: "hex", Pure: true,
		Doc: "Hexadecimal digits.",
		Functions: []script.Function{
			{Name: "encode", Signature: "hex.encode(text) -> text", MinArgs: 1, MaxArgs: 1,
				Doc: "Two digits for each byte of a text, in lower case.",
				Call: func(c *script.Call, l *lua.LState) int {
					return c.Push(l, hex.EncodeToString([]byte(textAt(c, l, 1))))
				}},
			{Name: "decode", Signature: "hex.decode(text) -> text", MinArgs: 1, MaxArgs: 1,
				Doc: "The bytes that pairs of digits stand for; nil and why if the text has anything else.",
				Call: func(c *script.Call, l *lua.LState) int {
					b, err := hex.DecodeString(textAt(c, l, 1))
					if err != nil {
						return c.Fail(l, fmt.Errorf("not hexadecimal: %w", err))
					}
					return c.Push(l, string(b))
				}},
		},
	}
}
