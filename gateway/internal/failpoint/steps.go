package failpoint

// Control are the steps of the control plane's durable work, in the order in
// which a first start and the changes after it reach them; those of "backup"
// are reached when an older state is migrated.
var Control = []string{
	"file.written", // a small file, such as the key of the secrets, has its content
	"file.synced",  // its content is on the disk
	"file.renamed", // it has its name

	"backup.written", // the copy of a state before it is migrated
	"backup.synced",
	"backup.renamed",

	"artifact.written", // a library or a source tree has come in whole
	"artifact.synced",
	"artifact.renamed",
	"artifact.kept", // its name is on the disk, too

	"state.written",   // a change has been made and is not committed
	"state.committed", // it is on the disk, and nobody has been told
}

// Change are the steps of changes around that work, which the whole program
// reaches.
var Change = []string{
	"change.served", // the worker serves it, and it is not written down

	"build.prepared", // its source tree is unpacked for the compiler
	"build.compiled", // there is a library, of which nobody knows yet
	"build.pruned",   // old builds are forgotten, and their logs still are there

	"artifact.removed", // one that nothing refers to any more

	"socket.made",  // the unix socket of the admin API, under another name
	"socket.named", // it has its name, in place of one that was left behind
}

// Mail are those of the outbox.
var Mail = []string{
	"put.begun", "put.written", "put.committed", // a mail is taken
	"turn.begun", "leased", "noted", "turn.written", // its state changes
	"deliver.begun", "deliver.ended",
	"smtp.connected", "smtp.addressed", "smtp.written", "smtp.taken",
	"move.read", "move.stored", "move.deleted", // from a database to the outbox
	"purge.begun", "purge.done",
}
