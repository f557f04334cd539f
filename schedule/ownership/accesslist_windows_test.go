package ownership

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	installer = "O:" + sidInstaller
	bob       = "S-1-5-21-1-2-3-1001"
)

// Lists as a new Windows 11 has them (icacls, Get-Acl | % Sddl).
const (
	listOfDrive        = installer + "D:PAI(A;;LC;;;AU)(A;OICIIO;SDGXGWGR;;;AU)(A;;FA;;;SY)(A;OICIIO;GA;;;SY)(A;OICIIO;GA;;;BA)(A;;FA;;;BA)(A;OICI;0x1200a9;;;BU)"
	listOfProgramData  = "O:SYD:PAI(A;OICIIO;GA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;CI;DCLCRPCR;;;BU)(A;OICI;0x1200a9;;;BU)"
	listOfProgramFiles = installer + "D:PAI(A;;FA;;;" + sidInstaller + ")(A;CIIO;GA;;;" + sidInstaller + ")(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;BA)(A;OICIIO;GA;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;GXGR;;;BU)(A;OICIIO;GA;;;CO)"
	listOfProfile      = "O:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + bob + ")"
	// What an administrator makes in the root of C:, and what earlier versions made in %ProgramData%.
	listInDrive       = "O:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)(A;OICIIOID;SDGXGWGR;;;AU)"
	listInProgramData = "O:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)"
	listOfSecondDisk  = "O:BAD:AI(A;;0x1301bf;;;AU)(A;;FA;;;SY)(A;;FA;;;BA)(A;;0x1200a9;;;BU)"
)

func descriptor(t *testing.T, sddl string) *windows.SECURITY_DESCRIPTOR {
	t.Helper()
	sd, err := windows.SecurityDescriptorFromString(sddl)
	if err != nil {
		t.Fatalf("%s: %v", sddl, err)
	}
	return sd
}

func TestFault(t *testing.T) {
	system := &accounts{user: sidSystem, admin: true, privileged: true}
	elevated := &accounts{user: bob, admin: true, privileged: true}
	plain := &accounts{user: bob}
	protected := system.protected()
	for _, tt := range []struct {
		name   string
		who    *accounts
		list   string
		place  place
		folder bool
		want   string // what the fault says; empty: none
	}{
		{"what we make", system, protected, itself, true, ""},
		{"what a user makes", plain, "O:" + bob + plain.protected(), itself, true, ""},
		{"what a user made, for the system", system, "O:" + bob + plain.protected(), itself, true, "belongs to "},
		{"what a user made, given to administrators", system, "O:BA" + plain.protected(), itself, true, "can be changed by "},
		{"the drive", system, listOfDrive, above, true, ""},
		{"a file in the drive", system, listOfDrive, holder, true, ""},
		{"the drive itself", system, listOfDrive, itself, true, "can be changed by "},
		{"program data", system, listOfProgramData, above, true, ""},
		{"a file in program data", system, listOfProgramData, holder, true, "can be changed by "},
		{"program files", system, listOfProgramFiles, holder, true, ""},
		{"a folder in the drive", system, listInDrive, above, true, "can be changed by "},
		{"a folder in the drive, which has the file", system, listInDrive, holder, true, "can be changed by "},
		{"a file in the drive's folder", system, "O:BAD:AI(A;ID;FA;;;SY)(A;ID;0x1301bf;;;AU)", itself, false, "can be changed by "},
		{"earlier versions' folder", system, listInProgramData, itself, true, "can be changed by "},
		{"earlier versions' folder, above", system, listInProgramData, above, true, ""},
		{"a second disk", system, listOfSecondDisk, above, true, "can be changed by "},
		{"a second disk, for a user", plain, listOfSecondDisk, itself, true, ""},
		{"another user's file", plain, "O:S-1-5-21-1-2-3-1002D:(A;;FA;;;SY)", itself, false, "belongs to "},
		{"a user's file on a second disk", plain, "O:" + bob + "D:(A;;0x1301bf;;;AU)", itself, false, ""},
		{"a user's file on a second disk, with rights", elevated, "O:" + bob + "D:(A;;0x1301bf;;;AU)", itself, false, "can be changed by "},
		{"a profile", system, listOfProfile, above, true, "can be changed by "},
		{"one's own profile, with rights", elevated, listOfProfile, above, true, ""},
		{"an empty list", system, "O:BAD:P", itself, false, ""},
		{"a disk without lists", system, "O:WDD:(A;;FA;;;WD)", above, true, "belongs to "},
		{"readers", system, "O:SYD:(A;;FA;;;SY)(A;;FR;;;WD)(A;;0x1200a9;;;BU)", itself, false, ""},
		{"inherited by children only", system, "O:SYD:(A;OICIIO;FA;;;WD)", itself, true, ""},
		{"denied", system, "O:SYD:(D;;FA;;;WD)(A;;FA;;;SY)", itself, false, ""},
		{"who may change the list", system, "O:SYD:(A;;WD;;;WD)", above, false, "can be changed by "},
		{"who may become the owner", system, "O:SYD:(A;;WO;;;WD)", above, false, "can be changed by "},
		{"who may delete", system, "O:SYD:(A;;SD;;;WD)", above, false, "can be changed by "},
		{"who may delete what is in it", system, "O:SYD:(A;;DT;;;WD)", above, true, "can be changed by "},
		{"who may append", system, "O:SYD:(A;;LC;;;WD)", itself, false, "can be changed by "},
		{"who may write attributes", system, "O:SYD:(A;;CR;;;WD)", itself, true, "can be changed by "},
		{"who may write attributes above", system, "O:SYD:(A;;CR;;;WD)", above, true, ""},
		{"generic rights", system, "O:SYD:(A;;GW;;;WD)", itself, false, "can be changed by "},
		{"all generic rights", system, "O:SYD:(A;;GA;;;WD)", above, true, "can be changed by "},
		{"the owner's rights", system, "O:SYD:(A;;FA;;;" + sidOwnerRights + ")(A;;FA;;;" + sidCreator + ")", itself, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fault := tt.who.fault(`C:\a b\c`, descriptor(t, tt.list), tt.place, tt.folder, `C:\a b\c\d`)
			switch {
			case fault == nil && tt.want == "":
			case fault == nil || tt.want == "" || !strings.Contains(fault.Why, tt.want):
				t.Errorf("%s: %+v, want %q", tt.list, fault, tt.want)
			case !strings.HasPrefix(fault.Fix, `icacls "C:\a b\c" /`) || !strings.HasPrefix(fault.Error(), `C:\a b\c `+tt.want):
				t.Errorf("%+v", fault)
			}
		})
	}
}

// An entry of another form names somebody else or nobody: it proves nothing.
func TestFaultOfOtherEntries(t *testing.T) {
	system := &accounts{user: sidSystem, admin: true, privileged: true}
	for kind, want := range map[uint8]bool{
		windows.ACCESS_ALLOWED_ACE_TYPE: true, windows.ACCESS_DENIED_ACE_TYPE: false, accessAllowedCallback: true,
		accessDeniedCallback: false, accessDeniedObject: false, 4: true, 5: true, 11: true, 99: true,
	} {
		sd := descriptor(t, "O:SYD:(A;;FA;;;WD)")
		list, _, err := sd.DACL()
		if err != nil {
			t.Fatal(err)
		}
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, 0, &ace); err != nil {
			t.Fatal(err)
		}
		(*windows.ACE_HEADER)(unsafe.Pointer(ace)).AceType = kind
		if fault := system.fault(`C:\f`, sd, itself, false, `C:\f`); (fault != nil) != want {
			t.Errorf("type %d: %+v", kind, fault)
		}
	}
}

// Without a list, everybody may do everything.
func TestFaultWithoutList(t *testing.T) {
	system := &accounts{user: sidSystem, admin: true, privileged: true}
	for name, set := range map[string]func(*windows.SECURITY_DESCRIPTOR) error{
		"none":  func(*windows.SECURITY_DESCRIPTOR) error { return nil },
		"empty": func(sd *windows.SECURITY_DESCRIPTOR) error { return sd.SetDACL(nil, true, false) },
	} {
		sd, err := windows.NewSecurityDescriptor()
		if err != nil {
			t.Fatal(err)
		}
		owner, err := windows.StringToSid(sidSystem)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(sd.SetOwner(owner, false), set(sd)); err != nil {
			t.Fatal(err)
		}
		if fault := system.fault(`C:\f`, sd, above, false, `C:\f`); fault == nil || !strings.Contains(fault.Why, "can be changed by ") {
			t.Errorf("%s: %+v", name, fault)
		}
	}
}

// The commands leave a file to the system and the administrators, and touch nobody's profile and no drive.
func TestFix(t *testing.T) {
	system := &accounts{user: sidSystem, admin: true, privileged: true}
	for _, tt := range []struct {
		path, list string
		place      place
		folder     bool
		want       string
	}{
		{`C:\v\f`, "O:SYD:(A;;FA;;;WD)", itself, false,
			`icacls "C:\v\f" /inheritance:r /remove:g "*S-1-1-0" /grant:r "*S-1-5-18:F" /grant:r "*S-1-5-32-544:F"`},
		{`C:\v`, listInDrive, above, true,
			`icacls "C:\v" /inheritance:r /remove:g "*S-1-5-11" /grant:r "*S-1-5-18:(OI)(CI)F" /grant:r "*S-1-5-32-544:(OI)(CI)F" /grant:r "*S-1-5-32-545:(OI)(CI)RX"`},
		{`C:\v`, "O:" + bob + "D:", itself, true, `icacls "C:\v" /setowner "*S-1-5-32-544" /T`},
		{`C:\v`, "O:" + bob + "D:", above, true, `icacls "C:\v" /setowner "*S-1-5-32-544"`},
		{`C:\v\l`, "O:" + bob + "D:", link, false, `icacls "C:\v\l" /L /setowner "*S-1-5-32-544"`},
		{`C:\v\l`, "O:SYD:(A;;CR;;;BU)", link, false,
			`icacls "C:\v\l" /L /inheritance:r /remove:g "*S-1-5-32-545" /grant:r "*S-1-5-18:F" /grant:r "*S-1-5-32-544:F"`},
		{`C:\v\f`, "O:" + bob + "D:", itself, false, `icacls "C:\v\f" /setowner "*S-1-5-32-544"`},
		{`D:\`, listOfSecondDisk, above, true, `move "C:\v\asked" "C:\ProgramData\virgo"`},
		{`C:\users\bob`, listOfProfile, above, true, `move "C:\v\asked" "C:\ProgramData\virgo"`},
		{`C:\users\bob\f`, "O:" + bob + "D:", above, false, `move "C:\v\asked" "C:\ProgramData\virgo"`},
	} {
		fault := system.fault(tt.path, descriptor(t, tt.list), tt.place, tt.folder, `C:\v\asked`)
		if fault == nil || !strings.EqualFold(fault.Fix, tt.want) {
			t.Errorf("%s:\n%+v, want\n%s", tt.path, fault, tt.want)
		}
	}
}

// What new folders are made with.
func TestProtected(t *testing.T) {
	for want, a := range map[string]*accounts{
		"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)":                      {user: bob, admin: true, privileged: true},
		"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + bob + ")": {user: bob},
	} {
		sd := descriptor(t, a.protected())
		control, _, err := sd.Control()
		if got := sd.String(); got != want || err != nil || control&windows.SE_DACL_PROTECTED == 0 {
			t.Errorf("%s, %x, %v, want %s", got, control, err, want)
		}
	}
}
