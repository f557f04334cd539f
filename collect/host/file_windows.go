package host

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// openWithoutWaiting is 0: opening a file does not block on Windows.
const openWithoutWaiting = 0

func openFolder(path string) (*os.File, error) { return os.Open(path) }

// fileOwner is the account that owns a file, with its domain, or its security identifier; empty
// where it cannot be read.
func fileOwner(path string, _ fs.FileInfo) string {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return ""
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return ""
	}
	account, domain, _, err := owner.LookupAccount("")
	if err != nil {
		return owner.String()
	}
	if domain != "" {
		account = domain + `\` + account
	}
	return account
}

// isBadName reports whether err means that Windows does not allow the name, such as that of a
// pattern.
func isBadName(err error) bool { return errors.Is(err, windows.ERROR_INVALID_NAME) }
