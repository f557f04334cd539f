package policy

import "testing"

func TestOddNamesOnWindows(t *testing.T) {
	for path, odd := range map[string]bool{
		`C:\srv\a.log`: false, `c:/srv/a b.log`: false, `C:\`: false, `\\server\share\x`: false, `C:\srv\..\x`: false, `C:\console.log`: false,
		`C:\srv\CON`: true, `C:\srv\nul.txt`: true, `C:\srv\com1`: true, `C:\srv\COM¹.log`: true, `C:\srv\lpt9 .x`: true, `C:\srv\com10`: false,
		`C:\srv\CONIN$`: true, `\\.\C:\x`: true, `\\?\C:\x`: true, `//./pipe/x`: true, `\??\C:\x`: true, `C:\token.`: true, `C:\token `: true, `C:\state. \x`: true,
		`C:\token::$DATA`: true, `C:\token:x`: true, `C:\srv\*`: true, "C:\\a\x01": true, `C:\srv\aux\x`: true, `\\?\UNC\server\x`: true,
	} {
		if isOddOnWindows(path) != odd {
			t.Errorf("%s: odd %v, want %v", path, !odd, odd)
		}
	}
}
