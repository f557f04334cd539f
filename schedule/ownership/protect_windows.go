package ownership

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// protected returns the owner and the access list of the folders that steer a process, in the security
// descriptor definition language: the system and the administrators may do everything, nobody else
// anything, and what the folder above has is not inherited. A process that is no administrator adds its
// user, and leaves the owner as it is.
func (a *accounts) protected() string {
	const list = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
	if a.admin {
		return "O:BA" + list
	}
	return list + "(A;OICI;FA;;;" + a.user + ")"
}

// MkdirAll creates a folder and the missing ones above it, so that only the system and the administrators
// can use them; and the user of this process, if that is no administrator. Folders that exist stay as they
// are.
func MkdirAll(dir string, _ fs.FileMode) error {
	a, err := currentAccounts()
	if err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString(a.protected())
	if err != nil {
		return err
	}
	return mkdirAll(filepath.Clean(dir), sd)
}

func mkdirAll(dir string, sd *windows.SECURITY_DESCRIPTOR) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: windows.ERROR_DIRECTORY}
		}
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := mkdirAll(parent, sd); err != nil {
			return err
		}
	}
	name, err := windows.UTF16PtrFromString(dir)
	if err == nil {
		err = windows.CreateDirectory(name, &windows.SecurityAttributes{
			Length: uint32(unsafe.Sizeof(windows.SecurityAttributes{})), SecurityDescriptor: sd,
		})
	}
	if err != nil && !errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: err}
	}
	return nil
}

// Protect gives a folder, and what inherits from it, the list that [MkdirAll] gives to new ones. It does
// so only where the folder belongs to somebody who is trusted and others may write to it, as in the
// folders of earlier versions. What others have put into it before still belongs to them, and [Check]
// refuses it.
func Protect(dir string) error {
	a, err := currentAccounts()
	if err != nil {
		return err
	}
	sd, err := descriptorOf(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	owner, _, err := sd.Owner()
	if err != nil || !a.privileged || !a.trusts(owner.String()) || a.fault(dir, sd, itself, true, dir) == nil {
		return err
	}
	if sd, err = windows.SecurityDescriptorFromString(a.protected()); err != nil {
		return err
	}
	list, _, err := sd.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}
