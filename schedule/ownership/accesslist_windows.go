package ownership

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// A place is what a file or folder on the way is to the one that was asked about.
type place int

const (
	itself place = iota // the one that was asked about
	holder              // the folder that has it, if it is a file
	above               // a folder above that
	link                // a link on the way
)

// Rights that let somebody change a file or folder, in "File Access Rights Constants" of Microsoft's
// documentation.
const (
	// fileAdd is the right to write to a file, or to add files to a folder.
	fileAdd = windows.FILE_WRITE_DATA
	// folderAdd is the right to append to a file, or to add folders to a folder.
	folderAdd   = windows.FILE_APPEND_DATA
	deleteChild = 0x40

	// replaces are the rights to rename or delete something, or to gain all others.
	replaces = windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_ALL
)

// rights returns those that nobody else may have. To add entries to a folder replaces none of them:
// on a new Windows everybody may do that in C:\ and in %ProgramData%. In the folder that has a file it is a
// fault, because a program loads libraries that lie beside it.
func (p place) rights(folder bool) windows.ACCESS_MASK {
	rights := windows.ACCESS_MASK(replaces)
	if folder {
		rights |= deleteChild
	}
	switch p {
	case itself, link:
		// Who may write attributes may make a link of it, or let a link lead elsewhere.
		rights |= fileAdd | folderAdd | windows.GENERIC_WRITE | windows.FILE_WRITE_ATTRIBUTES
	case holder:
		rights |= fileAdd | windows.GENERIC_WRITE
	}
	return rights
}

// fault says why the owner or the access list of what is at path lets others change it; nil if it does
// not. asked is the path that the question was about.
func (a *accounts) fault(path string, sd *windows.SECURITY_DESCRIPTOR, place place, folder bool, asked string) *Fault {
	owner, _, err := sd.Owner()
	if err != nil || owner == nil {
		return &Fault{path, "has no owner", a.setOwner(path, place, folder)}
	}
	if sid := owner.String(); !a.trusts(sid) {
		fix := a.setOwner(path, place, folder)
		if place == above && isPersonal(path) {
			fix = moveAway(asked)
		}
		return &Fault{path, "belongs to " + nameOf(sid) + ", who could change it", fix}
	}
	if !a.privileged {
		return nil // who runs it gains nothing that the owner of the disk would not give anybody
	}
	sid := a.stranger(sd, place.rights(folder))
	if sid == "" {
		return nil
	}
	fix := a.setList(path, folder, place, sid)
	if (place == holder || place == above) && isPersonal(path) {
		fix = moveAway(asked)
	}
	return &Fault{path, "can be changed by " + nameOf(sid), fix}
}

// stranger returns the first account beside those that are trusted which has one of these rights; empty if
// there is none. Entries that deny are ignored, and those that only children inherit.
func (a *accounts) stranger(sd *windows.SECURITY_DESCRIPTOR, rights windows.ACCESS_MASK) string {
	list, _, err := sd.DACL()
	if errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND) || err == nil && list == nil {
		return sidEveryone // without a list everybody may do everything
	}
	if err != nil {
		return sidEveryone
	}
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &ace); err != nil {
			return sidEveryone
		}
		if ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 {
			continue
		}
		switch ace.Header.AceType {
		case windows.ACCESS_DENIED_ACE_TYPE, accessDeniedObject, accessDeniedCallback, accessDeniedCallbackObject:
			continue
		case windows.ACCESS_ALLOWED_ACE_TYPE, accessAllowedCallback:
		default:
			return sidEveryone // who it is for is written in another form
		}
		if ace.Mask&rights == 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart)).String()
		if sid != sidCreator && sid != sidOwnerRights && !a.trusts(sid) {
			return sid
		}
	}
	return ""
}

// Types of entries that package windows does not name (winnt.h).
const (
	accessDeniedObject         = 6
	accessAllowedCallback      = 9
	accessDeniedCallback       = 10
	accessDeniedCallbackObject = 12
)

// option returns what has icacls change a link, and not what it leads to.
func (p place) option() string {
	if p == link {
		return " /L"
	}
	return ""
}

// setOwner returns the command that gives a file, or a folder with what is in it, to the administrators, or
// to the user of a process that is no administrator.
func (a *accounts) setOwner(path string, place place, folder bool) string {
	owner := sidAdministrators
	if !a.privileged {
		owner = a.user
	}
	all := ""
	if folder && place == itself {
		all = " /T"
	}
	return fmt.Sprintf(`icacls "%s"%s /setowner "*%s"%s`, path, place.option(), owner, all)
}

// setList returns the command that leaves a file or folder to the system and the administrators. A folder
// above stays readable: others may need what else is in it.
func (a *accounts) setList(path string, folder bool, place place, stranger string) string {
	inherit := ""
	if folder {
		inherit = "(OI)(CI)"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `icacls "%s"%s /inheritance:r`, path, place.option())
	readable := place == holder || place == above
	if stranger != sidUsers || !readable {
		fmt.Fprintf(&b, ` /remove:g "*%s"`, stranger)
	}
	for _, sid := range []string{sidSystem, sidAdministrators} {
		fmt.Fprintf(&b, ` /grant:r "*%s:%sF"`, sid, inherit)
	}
	if readable {
		fmt.Fprintf(&b, ` /grant:r "*%s:%sRX"`, sidUsers, inherit)
	}
	return b.String()
}

// isPersonal reports whether a folder is a whole volume or somebody's profile, or is in one: its list is not
// to be changed for a program's sake.
func isPersonal(path string) bool {
	volume := filepath.VolumeName(path)
	if rest := strings.Trim(path[len(volume):], `\`); rest == "" {
		return true
	}
	profiles, err := windows.KnownFolderPath(windows.FOLDERID_UserProfiles, windows.KF_FLAG_DEFAULT)
	if err != nil {
		profiles = `C:\Users`
	}
	inside, err := filepath.Rel(profiles, path)
	return err == nil && filepath.IsLocal(inside)
}

// moveAway returns the command that moves a file or folder to where only administrators write.
func moveAway(path string) string {
	to, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		to = `C:\ProgramData`
	}
	return fmt.Sprintf(`move "%s" "%s"`, path, filepath.Join(to, "virgo"))
}
