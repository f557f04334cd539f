// Package releases stores bundles of checks and archives of the agent's programs that were signed
// elsewhere, and says which agent gets which version.
//
// The folder upgrades of the endpoint's folder has:
//
//	channels.json                  what each channel offers to whom, replaced at once
//	keys/NAME.pub                  the public keys whose signatures are accepted
//	bundle-NAME-VERSION.zip        a bundle; its content never changes once channels.json names it
//	bundle-NAME-VERSION.zip.minisig, .sig   its signatures
//	virgo-VERSION-OS-ARCH.zip   an archive of programs, likewise; its roll-out has the name virgo-OS-ARCH
//
// # The data's way
//
// Plan verifies what agents verify: the signature by a key of the folder keys, the form, the name,
// a version that is newer than all of its name in the channel. Apply writes the file and its
// signatures, then channels.json. A server reads channels.json again when it changed. Whoever asks
// for a file gives a channel and a name, which are looked up in what channels.json names: no part
// of a request becomes a path. Of each roll-out the files of the version that is offered and of the
// one before stay; an older one goes with the change after the one that ended it. channels.json
// keeps its hash, so that no other content gets its version.
//
// # Who gets what
//
// A roll-out has a target, and before it the version that everybody else has. An agent gets the
// target if it has one of the roll-out's tags, where it has some, and a hash of the bundle's
// name and the agent's id is below the percentage. So the agents of 10 percent are among those
// of 20 percent, today and in a year, and every version comes to the same ones first. Agents
// never take an older version than they have: what was stopped stays where it is, until a
// higher version comes.
//
// # What can fail
//
// Another file of the same name and version, a signature or form that agents would refuse:
// nothing is stored. A kill between the file and channels.json leaves a file that nobody gets,
// and that the next Publish replaces. If channels.json is damaged, the last good one stays in
// use, and a server that has none offers nothing; agents keep what they have. The owner sees it
// in `virgo-endpoint bundle status`.
//
// # Who could abuse it
//
// Whoever takes the endpoint can withhold a version, or offer an old one, which agents
// refuse. Nothing gets through that none of the keys in an agent's own settings has signed,
// and no such key is here.
package releases
