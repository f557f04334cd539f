package folder

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// checkFolder is checkOwned; the folders above are the system's.
func checkFolder(dir string) error { return checkOwned(dir) }

// checkOwned returns an error if somebody else than this process's user, the administrators and the system
// owns path or may change it. A path that does not exist passes. Error: *OwnerError.
func checkOwned(path string) error {
	if !exists(path) {
		return nil
	}
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("reading the owner of %q: %w", path, err)
	}
	owner, _, err := sd.Owner()
	if err != nil || owner == nil {
		return fmt.Errorf("reading the owner of %q: %w", path, err)
	}
	trusted, err := trustedSIDs()
	if err != nil {
		return fmt.Errorf("reading who runs this: %w", err)
	}
	if !contains(trusted, owner) {
		return &OwnerError{Path: path, Reason: fmt.Sprintf("belongs to %s, who can change it", owner),
			Fix: "look who made it; if it is to be used all the same, take it over: takeown /F \"" + path + "\""}
	}
	return checkList(path, sd, trusted)
}

// writeRights are those by which a file or folder, or what is in it, can be changed.
const writeRights = windows.GENERIC_ALL | windows.GENERIC_WRITE | windows.WRITE_DAC | windows.WRITE_OWNER |
	windows.DELETE | windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | fileDeleteChild

// fileDeleteChild is FILE_DELETE_CHILD of winnt.h.
const fileDeleteChild = 0x40

// checkList returns an error if the access list lets anybody else write.
func checkList(path string, sd *windows.SECURITY_DESCRIPTOR, trusted []*windows.SID) error {
	list, _, err := sd.DACL()
	if err != nil {
		return fmt.Errorf("reading the access list of %q: %w", path, err)
	}
	if list == nil {
		return &OwnerError{Path: path, Reason: "has no access list: everybody can change it", Fix: resetCommand(path)}
	}
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &ace); err != nil {
			return fmt.Errorf("reading the access list of %q: %w", path, err)
		}
		if ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE || ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 ||
			ace.Mask&writeRights == 0 {
			continue
		}
		if who := sidOf(ace); !contains(trusted, who) {
			return &OwnerError{Path: path, Reason: fmt.Sprintf("can be changed by %s", who), Fix: resetCommand(path)}
		}
	}
	return nil
}

func resetCommand(path string) string {
	return "icacls \"" + path + "\" /inheritance:r /grant *S-1-5-18:F *S-1-5-32-544:F"
}

// trustedSIDs are this process's user, the administrators, the system, and the placeholder for the owner.
func trustedSIDs() ([]*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	list := []*windows.SID{user.User.Sid}
	for _, kind := range []windows.WELL_KNOWN_SID_TYPE{
		windows.WinBuiltinAdministratorsSid, windows.WinLocalSystemSid, windows.WinCreatorOwnerSid,
	} {
		sid, err := windows.CreateWellKnownSid(kind)
		if err != nil {
			return nil, err
		}
		list = append(list, sid)
	}
	return list, nil
}

func contains(list []*windows.SID, sid *windows.SID) bool {
	for _, s := range list {
		if s.Equals(sid) {
			return true
		}
	}
	return false
}

// protect gives a folder an access list that inherits nothing: its user, the administrators and the system
// have full access, also to what is made in it.
func protect(dir string) error {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return fmt.Errorf("reading who runs this: %w", err)
	}
	sd, err := windows.SecurityDescriptorFromString(protectedList(user.User.Sid.String()))
	if err != nil {
		return fmt.Errorf("making an access list: %w", err)
	}
	list, _, err := sd.DACL()
	if err != nil {
		return fmt.Errorf("making an access list: %w", err)
	}
	err = windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
	if err != nil {
		return fmt.Errorf("protecting %q: %w", dir, err)
	}
	return nil
}

// protectedList is the list in the form of SDDL.
func protectedList(user string) string {
	return "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;" + user + ")"
}
