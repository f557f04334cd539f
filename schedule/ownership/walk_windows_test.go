package ownership

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/windows"
)

// An entry of a disk is a folder, a file (whose name has a dot) or a link.
type entry struct{ list, link string }

// info is what os.Lstat says of an entry.
type info struct {
	fstest.MapFile
	name string
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.MapFile.Mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.Mode().IsDir() }
func (i info) Sys() any           { return nil }

// diskOf returns a disk of these entries; asked gets the paths whose lists were read.
func diskOf(t *testing.T, entries map[string]entry, asked *[]string) files {
	find := func(path string) (entry, error) {
		for p, e := range entries {
			if strings.EqualFold(p, path) {
				return e, nil
			}
		}
		return entry{}, &fs.PathError{Op: "open", Path: path, Err: windows.ERROR_FILE_NOT_FOUND}
	}
	return files{
		lstat: func(path string) (fs.FileInfo, error) {
			e, err := find(path)
			mode := fs.ModeDir
			if e.link != "" {
				mode = fs.ModeSymlink
			} else if strings.Contains(path, ".") {
				mode = 0
			}
			return info{fstest.MapFile{Mode: mode}, path}, err
		},
		readLink: func(path string, _ fs.FileInfo) (string, bool) {
			e, _ := find(path)
			return e.link, e.link != ""
		},
		descriptorOf: func(path string) (*windows.SECURITY_DESCRIPTOR, error) {
			*asked = append(*asked, path)
			e, err := find(path)
			if err != nil {
				return nil, err
			}
			return descriptor(t, e.list), nil
		},
	}
}

func TestWalk(t *testing.T) {
	system := &accounts{user: sidSystem, admin: true, privileged: true}
	plain := &accounts{user: bob}
	const ours, bobs = "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)", "O:" + bob + "D:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + bob + ")"
	disk := map[string]entry{
		`C:\`:                              {list: listOfDrive},
		`C:\Program Files`:                 {list: listOfProgramFiles},
		`C:\Program Files\virgo`:           {list: listOfProgramFiles},
		`C:\Program Files\virgo\virgo.exe`: {list: "O:BAD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)"},
		`C:\ProgramData`:                   {list: listOfProgramData},
		`C:\ProgramData\virgo`:             {list: ours},
		`C:\ProgramData\virgo\virgo.yaml`:  {list: ours},
		`C:\ProgramData\virgo\to-bob`:      {list: ours, link: `C:\Users\bob`},
		`C:\ProgramData\virgo\up.yaml`:     {list: ours, link: `C:\ProgramData\virgo\virgo.yaml`},
		`C:\ProgramData\virgo\loop`:        {list: ours, link: `C:\ProgramData\virgo\loop`},
		`C:\ProgramData\virgo\bobs.yaml`:   {list: bobs},
		`C:\ProgramData\bobs`:              {list: bobs, link: `C:\ProgramData\virgo`},
		`C:\ProgramData\virgo\soft`:        {list: "O:SYD:(A;;CR;;;BU)", link: `C:\ProgramData\virgo`},
		`C:\ProgramData\token.txt`:         {list: ours},
		`C:\tools`:                         {list: listInDrive},
		`C:\tools\virgo.exe`:               {list: ours},
		`C:\Users`:                         {list: "O:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)(A;;0x1200a9;;;WD)"},
		`C:\Users\bob`:                     {list: listOfProfile},
		`C:\Users\bob\Downloads`:           {list: bobs},
		`C:\Users\bob\Downloads\virgo.exe`: {list: bobs},
		`D:\`:                              {list: listOfSecondDisk},
		`D:\virgo`:                         {list: "O:BAD:AI(A;ID;0x1301bf;;;AU)"},
		`D:\virgo\bobs.yaml`:               {list: "O:" + bob + "D:AI(A;ID;0x1301bf;;;AU)"},
		`D:\virgo\anns.yaml`:               {list: "O:S-1-5-21-1-2-3-1002D:AI(A;ID;0x1301bf;;;AU)"},
		`\\server\share\`:                  {list: ours},
		`\\server\share\virgo`:             {list: ours},
		`\\server\share\virgo\virgo.yaml`:  {list: ours},
	}
	for _, tt := range []struct {
		who        *accounts
		path, want string // the path that is found, or that of the fault after a !
	}{
		{system, `C:\Program Files\virgo\virgo.exe`, `C:\Program Files\virgo\virgo.exe`},
		{system, `C:\ProgramData\virgo\virgo.yaml`, `C:\ProgramData\virgo\virgo.yaml`},
		{system, `C:\ProgramData\virgo`, `C:\ProgramData\virgo`},
		{system, `c:\programdata\VIRGO\virgo.yaml`, `c:\programdata\VIRGO\virgo.yaml`},
		{system, `C:\ProgramData\virgo\up.yaml`, `C:\ProgramData\virgo\virgo.yaml`},
		{system, `C:\ProgramData\virgo\bobs.yaml`, `!C:\ProgramData\virgo\bobs.yaml`},
		{system, `C:\ProgramData\virgo\to-bob\Downloads\virgo.exe`, `!C:\Users\bob`},
		{system, `C:\ProgramData\bobs\virgo.yaml`, `!C:\ProgramData\bobs`},
		{system, `C:\ProgramData\virgo\soft`, `!C:\ProgramData\virgo\soft`},
		{plain, `C:\ProgramData\virgo\to-bob\Downloads\virgo.exe`, `C:\Users\bob\Downloads\virgo.exe`},
		{system, `C:\ProgramData\token.txt`, `!C:\ProgramData`},
		{system, `C:\tools\virgo.exe`, `!C:\tools`},
		{system, `C:\Users\bob\Downloads\virgo.exe`, `!C:\Users\bob`},
		{system, `D:\virgo\bobs.yaml`, `!D:\`},
		{system, `\\server\share\virgo\virgo.yaml`, `\\server\share\virgo\virgo.yaml`},
		{plain, `C:\Users\bob\Downloads\virgo.exe`, `C:\Users\bob\Downloads\virgo.exe`},
		{plain, `D:\virgo\bobs.yaml`, `D:\virgo\bobs.yaml`},
		{plain, `D:\virgo\anns.yaml`, `!D:\virgo\anns.yaml`},
	} {
		var asked []string
		got, _, err := tt.who.resolveIn(diskOf(t, disk, &asked), tt.path)
		var fault *Fault
		if errors.As(err, &fault) {
			got = "!" + fault.Path
		}
		if got != tt.want || fault == nil && err != nil {
			t.Errorf("%s: %s, %v, want %s", tt.path, got, err, tt.want)
		}
		if !tt.who.privileged && len(asked) != 1 {
			t.Errorf("%s: a process without rights asked about %q", tt.path, asked)
		}
		if fault != nil && fault.Fix == "" {
			t.Errorf("%s: no command", tt.path)
		}
	}
	for path, want := range map[string]error{
		`C:\ProgramData\virgo\loop`: windows.ERROR_CANT_RESOLVE_FILENAME,
		`C:\ProgramData\none\f`:     fs.ErrNotExist,
	} {
		var asked []string
		if _, _, err := system.resolveIn(diskOf(t, disk, &asked), path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}
