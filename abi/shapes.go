package abi

// movable is an operation that a handler in another process can ask for. How long
// lists may be is what the service's header says.
type movable struct {
	args *shape
	// cut is what the operation ends with when nobody waits for its outcome any
	// more and it may have happened; see Operation.Cut.
	cut Status
}

// movables are those of each service, by its id and the operation's code. An
// operation without an entry has no arguments, or is none.
var movables = map[string]map[uint32]movable{
	TimerID: {TimerSleepOp: {args: shapeOf[TimerSleep]()}},
	SQLID: {
		SQLQueryOp:  {args: statementShape},
		SQLBatchOp:  {args: shapeOf[SQLBatch](pointers("Statements", "Count", 1000, statementShape)), cut: ErrUnknown},
		SQLNextOp:   {args: shapeOf[SQLCursor]()},
		SQLCloseOp:  {args: shapeOf[SQLCursor]()},
		SQLBeginOp:  {args: shapeOf[SQLBegin]()},
		SQLCommitOp: {cut: ErrUnknown},
	},
	CacheID: {
		CacheGetOp:    {args: shapeOf[CacheKeys](list("Keys", "Count", 1000, shapeOf[Bytes]()))},
		CachePutOp:    {args: shapeOf[CachePut]()},
		CacheDeleteOp: {args: shapeOf[CacheKey]()},
		CacheExistsOp: {args: shapeOf[CacheKey]()},
		CacheCountOp:  {args: shapeOf[CacheCount]()},
		CacheTouchOp:  {args: shapeOf[CacheTouch]()},
	},
	StorageID: {
		StorageGetOp:     {args: shapeOf[StorageGet]()},
		StorageHeadOp:    {args: shapeOf[StorageKey]()},
		StorageDeleteOp:  {args: shapeOf[StorageKey](), cut: ErrUnknown},
		StoragePutOp:     {args: putShape, cut: ErrUnknown},
		StorageStartOp:   {args: putShape},
		StorageWriteOp:   {args: shapeOf[StorageWrite]()},
		StorageFinishOp:  {args: shapeOf[StorageWrite](), cut: ErrUnknown},
		StorageAbortOp:   {args: shapeOf[StorageWrite]()},
		StorageListOp:    {args: shapeOf[StorageList]()},
		StorageCopyOp:    {args: shapeOf[StorageCopy](), cut: ErrUnknown},
		StoragePresignOp: {args: shapeOf[StoragePresign]()},
	},
	EmailID: {
		EmailSendOp: {args: shapeOf[EmailMessage](
			list("To", "ToCount", 1000, shapeOf[Bytes]()), list("Cc", "CcCount", 1000, shapeOf[Bytes]()),
			list("Bcc", "BccCount", 1000, shapeOf[Bytes]()), list("ReplyTo", "ReplyToCount", 1000, shapeOf[Bytes]()),
			list("Attachments", "AttachmentCount", 256, shapeOf[EmailAttachment]()), table("Transaction"))},
		EmailStateOp: {args: shapeOf[EmailQuery]()},
	},
	HTTPID: {HTTPFetchOp: {args: shapeOf[HTTPRequest](list("Headers", "HeaderCount", 256, shapeOf[Field]()))}},
}

var (
	statementShape = shapeOf[SQLStatement](list("Params", "ParamCount", 1<<15, valueShape()))
	putShape       = shapeOf[StoragePut](list("Metadata", "MetadataCount", 2<<10, shapeOf[Field]()))
)

// valueShape is that of a value, whose bytes mean something for some types only.
func valueShape() *shape {
	s := shapeOf[SQLValue]()
	s.parts[0].when = func(address uintptr) bool {
		switch at[SQLValue](address).Type {
		case SQLText, SQLBytes, SQLJson:
			return true
		}
		return false
	}
	return s
}
