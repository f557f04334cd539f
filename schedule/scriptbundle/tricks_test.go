package scriptbundle

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// sampleEntries returns the entries of the sample bundle.
func sampleEntries(t testing.TB) []entry {
	t.Helper()
	entries, _, err := readEntries(buildSample(t))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// put writes a number of two bytes at an offset from where text is for the nth time.
func put(b []byte, text string, nth, offset int, value uint16) []byte {
	b = bytes.Clone(b)
	at := 0
	for range nth {
		at += bytes.Index(b[at:], []byte(text)) + 1
	}
	binary.LittleEndian.PutUint16(b[at-1+offset:], value)
	return b
}

// TestTricks has files that other programs unpack, or that would cost them dearly.
func TestTricks(t *testing.T) {
	raw := buildSample(t)
	const file = "containers.lua"
	local := func(offset int, value uint16) []byte { return put(raw, file+"local p", 1, offset-localBytes, value) }
	_, end, err := readEntries(raw)
	if err != nil {
		t.Fatal(err)
	}
	// directory changes the entry of the first script there.
	directory := func(offset int, value uint16) []byte {
		return append(bytes.Clone(raw[:end]), put(raw[end:], file, 1, offset-directoryBytes, value)...)
	}
	endOf := func(offset int, value uint16) []byte { return put(raw, "PK\x05\x06", 1, offset, value) }
	with := func(change func(entries []entry) []entry) []byte { return encodeZip(change(sampleEntries(t))) }
	rename := func(name string) []byte {
		return with(func(e []entry) []entry { e[1].name = name; return e })
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":             {nil, "no zip file"},
		"empty zip":         {raw[len(raw)-endBytes:], "no zip file"},
		"text":              {[]byte(strings.Repeat("local x = 1\n", 9)), "no zip file, or something stands before"},
		"prefix":            {append([]byte("#!/bin/sh\nexit\n"), raw...), "something stands before its first entry (at byte 0)"},
		"trailing data":     {append(bytes.Clone(raw), "more"...), "4 bytes follow the end"},
		"another bundle":    {append(bytes.Clone(raw), raw...), "bytes follow the end"},
		"comment":           {append(endOf(20, 4), "note"...), "length of the comment"},
		"comment of 64 KiB": {append(endOf(20, 0xffff), make([]byte, 0xffff)...), "length of the comment"},
		"cut":               {raw[:len(raw)-1], "the file ends within the end of the directory"},
		"cut directory":     {raw[:end+5], "the file ends within entry 1 of the directory"},
		"no directory":      {raw[:end], "the file ends within entry 1 of the directory"},
		"cut entry":         {raw[:end-3], `the file ends within entry 6 "mounts.lua"`},
		"gap":               {append(append(bytes.Clone(raw[:end]), 0), raw[end:]...), "entry 1 of the directory"},
		"encrypted":         {local(6, 1), `entry 2 "containers.lua" is encrypted`},
		"descriptor":        {local(6, 8), "data descriptor"},
		"UTF-8 flag":        {local(6, 1<<11), "has flags"},
		"bomb":              {local(8, 8), "is compressed"},
		"version":           {local(4, 45), "another version of zip"},
		"time":              {local(10, 3), "has a time"},
		"date":              {local(12, 3), "has a time"},
		"wrong CRC":         {local(14, 3), "its checksum is not that of its bytes"},
		"two sizes":         {local(18, 3), "two different sizes"},
		"extra":             {local(28, 4), "extra fields"},
		"ZIP64": {func() []byte {
			b := local(18, 0xffff)
			at := bytes.Index(b, []byte(file+"local p")) - localBytes
			copy(b[at+18:], "\xff\xff\xff\xff\xff\xff\xff\xff")
			return b
		}(), "at most 262144"},
		"huge name":         {local(26, 0xffff), "its name has 65535 bytes"},
		"long name":         {local(26, 99), "entry 2"},
		"link":              {directory(40, 0xa1ff), "attributes (a link, a folder, permissions)"},
		"executable":        {directory(40, 0x81ed), "attributes"},
		"folder attribute":  {directory(38, 0x10), "attributes"},
		"made by Unix":      {directory(4, 3<<8|20), `entry 2 of the directory, "containers.lua": maker`},
		"directory method":  {directory(10, 8), "method"},
		"directory CRC":     {directory(16, 0), "checksum"},
		"overlap":           {directory(42, 0), "offset"},
		"directory comment": {directory(32, 1), "length of the comment"},
		"directory extra":   {directory(30, 1), "length of extra fields"},
		"other name there":  {directory(directoryBytes, 'x'|'y'<<8), "another name than before"},
		"entry count":       {endOf(10, 65535), "number of entries"},
		"entries on disk":   {endOf(8, 1), "number of entries on the disk"},
		"second disk":       {endOf(4, 1), "number of the disk"},
		"directory offset":  {endOf(16, 0), "offset of the directory"},
		"directory size":    {endOf(12, 0), "size of the directory"},
		"double":            {with(func(e []entry) []entry { return append(e, e[5]) }), `"mounts.lua" is there twice`},
		"case double":       {with(func(e []entry) []entry { e[5].name = "MOUNTS.lua"; return append(e, entry{name: "mounts.lua"}) }), "entry 6"},
		"case double after": {with(func(e []entry) []entry { return append(e, entry{name: "mountS.lua"}) }), `"mountS.lua" differs from "mounts.lua" in case only`},
		"order":             {with(func(e []entry) []entry { e[4], e[5] = e[5], e[4]; return e }), "not in the order"},
		"not first":         {with(func(e []entry) []entry { return e[1:] }), `entry 1 is "containers.lua"; it must be "manifest.json"`},
		"one more":          {with(func(e []entry) []entry { return append(e, entry{name: "other.lua"}) }), "is not what manifest.json has"},
		"one less":          {with(func(e []entry) []entry { return e[:5] }), `"mounts.lua" is in manifest.json, and not in the bundle`},
		"other bytes":       {with(func(e []entry) []entry { e[1].data = []byte("os.exit()"); return e }), "size or SHA-256"},
		"above":             {rename("../containers.lua"), "it must be NAME.lua"},
		"absolute":          {rename("/etc/containers.lua"), "it must be NAME.lua"},
		"drive":             {rename("c:containers.lua"), "it must be NAME.lua"},
		"UNC":               {rename(`\\host\x.lua`), "it must be NAME.lua"},
		"folder":            {rename("lib/"), "it must be NAME.lua"},
		"no name":           {rename(""), "it must be NAME.lua"},
		"NUL":               {rename("a\x00.lua"), "it must be NAME.lua"},
		"device":            {rename("aux.lua"), "device on Windows"},
		"trailing dot":      {rename("containers.lua."), "it must be NAME.lua"},
		"stream":            {rename("containers.lua::$DATA"), "it must be NAME.lua"},
		"second manifest":   {with(func(e []entry) []entry { return append(e, e[0]) }), `"manifest.json" is there twice`},
		"huge count": {with(func(e []entry) []entry {
			for i := range MaxEntries {
				e = append(e, entry{name: "n" + strings.Repeat("a", i/90) + strings.Repeat("b", 1+i%90) + ".lua"})
			}
			return e
		}), "entry"},
		"too large": {make([]byte, MaxBundleBytes+1), "at most 8388608"},
		"by archive/zip": {func() []byte {
			var b bytes.Buffer
			w := zip.NewWriter(&b)
			for _, e := range sampleEntries(t) {
				out, err := w.Create(e.name)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = out.Write(e.data)
			}
			_ = w.Close()
			return b.Bytes()
		}(), `entry 1 "manifest.json" has its size behind its bytes`},
	} {
		b, err := Parse(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if b != nil && err != nil {
			t.Errorf("%s: a bundle beside an error", name)
		}
	}
}

// TestManifestTricks changes the text of the manifest, with everything around it right.
func TestManifestTricks(t *testing.T) {
	replace := func(old, new string) []byte {
		e := sampleEntries(t)
		if !bytes.Contains(e[0].data, []byte(old)) {
			t.Fatalf("no %s in %s", old, e[0].data)
		}
		e[0].data = bytes.Replace(e[0].data, []byte(old), []byte(new), 1)
		return encodeZip(e)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"not JSON":       {replace(`{"agent"`, `"agent"`), "manifest.json: "},
		"two documents":  {replace("}\n", "}{}\n"), "something follows the document"},
		"later format":   {replace(`"format":1`, `"format":2`), `format 2; this program knows format 1; it is for virgo "0.9.0" or later`},
		"unknown key":    {replace(`"format":1`, `"format":1,"hook":"x"`), `unknown field "hook"`},
		"key twice":      {replace(`"format":1`, `"format":1,"format":1`), "not in the one form"},
		"other case":     {replace(`"format":1`, `"Format":1`), "not in the one form"},
		"blank":          {replace(`"format":1`, `"format": 1`), "not in the one form"},
		"no line feed":   {replace("}\n", "}"), "not in the one form"},
		"escape":         {replace("standard", `\u0073tandard`), "not in the one form"},
		"null":           {replace(`"format":1`, `"format":1,"agent":null`), "not in the one form"},
		"other order":    {replace(`"/etc/fstab","/proc/self/mountinfo"`, `"/proc/self/mountinfo","/etc/fstab"`), "not in the one form"},
		"text's number":  {replace(`"format":1`, `"format":"1"`), "cannot unmarshal"},
		"another type":   {replace(`"script.mounts"`, `"agent.memory"`), `by the file's name it is "script.mounts"`},
		"another need":   {replace(`"files":["/etc/fstab"`, `"shell":["/etc/fstab"`), `unknown kind of need "shell"`},
		"free path":      {replace(`"role":"path"`, `"role":"free"`), `may not have the role "free"`},
		"unknown kind":   {replace(`"kind":"path"`, `"kind":"code"`), `unknown kind "code"`},
		"wrong default":  {replace(`"default":"80"`, `"default":"800"`), "from 1 to 100"},
		"choice":         {replace(`"choices":["all","running"],`, ``), "choices belong to the kind"},
		"control":        {replace("of docker", `of\u001b[2J`), "cannot be shown"},
		"direction":      {replace("of docker", "of\u202edocker"), "cannot be shown"},
		"invalid UTF-8":  {replace("of docker", "of\xffdocker"), "not in the one form"},
		"long summary":   {replace("mounts that should be there", strings.Repeat("m", 201)), "at most 200"},
		"negative bytes": {replace(`"bytes":0`, `"bytes":-1`), "-1 bytes"},
		"SHA in case":    {replace(`"sha256":"`, `"sha256":"A`), "SHA-256"},
		"detail name":    {replace(`"name":"socket"`, `"name":"so cket"`), "its name must be of a-z"},
		"detail order":   {replace(`"name":"socket"`, `"name":"zocket"`), "not in the order"},
		"version":        {replace(`"1.4.0"`, `"1.4"`), "is not a version"},
		"file's name":    {replace(`"name":"lib/parse.lua"`, `"name":"lib/../x.lua"`), "it must be NAME.lua"},
		"deep":           {replace(`"format":1`, `"format":`+strings.Repeat("[", 20000)), "manifest.json: "},
	} {
		_, err := Parse(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if _, err := ReadManifest(bytes.NewReader(c.file), int64(len(c.file))); err == nil {
			t.Errorf("%s: ReadManifest takes it", name)
		}
	}
}

func TestReadManifestRefuses(t *testing.T) {
	raw := buildSample(t)
	long := bytes.Clone(raw)
	binary.LittleEndian.PutUint32(long[22:], MaxManifestBytes+1)
	longer := bytes.Clone(raw)
	binary.LittleEndian.PutUint32(longer[22:], uint32(len(raw)))
	damaged := bytes.Clone(raw)
	damaged[60]++
	for name, b := range map[string][]byte{
		"empty": nil, "short": raw[:40], "long": long, "longer": longer, "damaged": damaged,
		"other": append([]byte("x"), raw...),
	} {
		if m, err := ReadManifest(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
		if m, err := ReadParsed(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("ReadParsed, %s: %+v", name, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	raw := buildSample(f)
	f.Add(raw)
	f.Add(raw[:len(raw)-1])
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bundle, err := Parse(b)
		m, errRead := ReadManifest(bytes.NewReader(b), int64(len(b)))
		ReadParsed(bytes.NewReader(b), int64(len(b))) // any bytes: it must not panic
		if err != nil {
			return
		}
		if errRead != nil || m.Version != bundle.Manifest.Version {
			t.Errorf("ReadManifest: %v", errRead)
		}
		again, err := Build(bundle.Manifest, bundle.files)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("two forms of one bundle: %v", err)
		}
	})
}

// FuzzManifest puts any text into the manifest's entry, with a right header.
func FuzzManifest(f *testing.F) {
	for _, e := range sampleEntries(f)[:1] {
		f.Add(string(e.data))
	}
	f.Add(`{"files":[],"format":1,"name":"x","scripts":[],"version":"1.0.0"}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decodeManifest([]byte(text))
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil || string(again) != text {
			t.Errorf("%q, was %q: %v", again, text, err)
		}
	})
}
