package ownership

import (
	"fmt"
	"slices"

	"golang.org/x/sys/windows"
)

// Security identifiers ("Well-known SIDs" in Microsoft's documentation).
const (
	sidSystem         = "S-1-5-18"
	sidLocalService   = "S-1-5-19"
	sidNetworkService = "S-1-5-20"
	sidAdministrators = "S-1-5-32-544"
	sidUsers          = "S-1-5-32-545"
	sidEveryone       = "S-1-1-0"
	// sidInstaller owns the system's own folders.
	sidInstaller = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"
	// sidCreator stands for nobody where it is not inherited, sidOwnerRights for the owner.
	sidCreator     = "S-1-3-0"
	sidOwnerRights = "S-1-3-4"
)

// accounts are those who may change what steers a process.
type accounts struct {
	user string // of the process; empty for one of the system
	// admin means that the process has an administrator's rights, privileged that it has these or those
	// of a service, so that somebody who steers it gains something.
	admin, privileged bool
}

func currentAccounts() (*accounts, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("finding the user of this process: %w", err)
	}
	administrators, err := windows.StringToSid(sidAdministrators)
	if err != nil {
		return nil, fmt.Errorf("finding the user of this process: %w", err)
	}
	admin, err := windows.Token(0).IsMember(administrators)
	if err != nil {
		return nil, fmt.Errorf("finding the rights of this process: %w", err)
	}
	a := &accounts{user: user.User.Sid.String(), admin: admin}
	a.privileged = admin || slices.Contains([]string{sidSystem, sidLocalService, sidNetworkService}, a.user)
	return a, nil
}

func (a *accounts) trusts(sid string) bool {
	switch sid {
	case sidSystem, sidAdministrators, sidInstaller:
		return true
	}
	return sid != "" && sid == a.user
}

// nameOf returns the name of an account for a person.
func nameOf(sid string) string {
	s, err := windows.StringToSid(sid)
	if err != nil {
		return sid
	}
	name, domain, _, err := s.LookupAccount("")
	switch {
	case err != nil || name == "":
		return sid
	case domain == "":
		return name
	}
	return domain + `\` + name
}
