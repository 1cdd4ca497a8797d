package gateway_test

import "testing"

// What handlers answer, and what becomes of requests to them, is the same where
// each has a process of its own: these tests, of the same libraries, are run
// once more there.
func TestInProcessesOfTheirOwn(t *testing.T) {
	isolating = true
	defer func() { isolating = false }()
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		// HTTP, in both directions.
		{"BodiesAreBytesBothWays", TestBodiesAreBytesBothWays},
		{"ABodyOverTheLimitIs413", TestABodyOverTheLimitIs413},
		{"ABodyWithoutMemoryForItIs503", TestABodyWithoutMemoryForItIs503},
		{"NoBodyDiffersFromAnEmptyOne", TestNoBodyDiffersFromAnEmptyOne},
		{"RepeatedHeadersKeepTheirOrderBothWays", TestRepeatedHeadersKeepTheirOrderBothWays},
		{"HeadersOfAnAnswerKeepNamesRepeatsAndTheOrderOfOneName", TestHeadersOfAnAnswerKeepNamesRepeatsAndTheOrderOfOneName},
		{"HeadHasTheLengthOfGetAndNoBody", TestHeadHasTheLengthOfGetAndNoBody},
		{"WhatIsRoutedIsWhatTheHandlerSees", TestWhatIsRoutedIsWhatTheHandlerSees},
		{"TheQueryReachesTheHandlerAsSent", TestTheQueryReachesTheHandlerAsSent},
		{"PipelinedRequestsAreAnsweredInOrder", TestPipelinedRequestsAreAnsweredInOrder},
		{"OverMaxConcurrencyIs503", TestOverMaxConcurrencyIs503},

		// Suspended and late requests.
		{"PendingIsAnsweredByItsFirstCompletion", TestPendingIsAnsweredByItsFirstCompletion},
		{"PendingTokenIsStaleOnceItsRequestIsAnswered", TestPendingTokenIsStaleOnceItsRequestIsAnswered},
		{"PendingPastItsDeadlineStaysStuckUntilItIsCompleted", TestPendingPastItsDeadlineStaysStuckUntilItIsCompleted},
		{"SuspendedRequestIsAnsweredAtItsDeadlineAndKeepsItsConnection", TestSuspendedRequestIsAnsweredAtItsDeadlineAndKeepsItsConnection},
		{"PipelinedRequestBehindALongAnswerIsAnsweredInOrder", TestPipelinedRequestBehindALongAnswerIsAnsweredInOrder},

		// Versions.
		{"OneLibraryOnTwoEndpointsHasTwoStatesAndConfigs", TestOneLibraryOnTwoEndpointsHasTwoStatesAndConfigs},
		{"BadLibrariesAreRefusedAndTheOldVersionServes", TestBadLibrariesAreRefusedAndTheOldVersionServes},
		{"RequestsInsideTheOldVersionFinishThere", TestRequestsInsideTheOldVersionFinishThere},
		{"ACanaryIsStickyByAddress", TestACanaryIsStickyByAddress},
		{"ShutdownUnderLoadLosesNothing", TestShutdownUnderLoadLosesNothing},

		// Failures, in each language.
		{"PanicsAndExceptionsStayInTheirHandler", TestPanicsAndExceptionsStayInTheirHandler},
		{"PanicIsA500ThatTellsNothing", TestPanicIsA500ThatTellsNothing},
		{"BadAnswersAreTheHandlersFaultAndNobodyElses", TestBadAnswersAreTheHandlersFaultAndNobodyElses},
		{"TheStatusOfAFailureDecidesWhatTheClientHears", TestTheStatusOfAFailureDecidesWhatTheClientHears},

		// Services.
		{"ServicesAnswerAlikeInEveryLanguage", TestServicesAnswerAlikeInEveryLanguage},
		{"TheFileAPIKeepsFiles", TestTheFileAPIKeepsFiles},
		{"ALibraryInGoUsesServicesInTheBackground", TestALibraryInGoUsesServicesInTheBackground},
		{"ANameThatIsNotBoundIsToldOnce", TestANameThatIsNotBoundIsToldOnce},
		{"AnInactiveServiceIsATypedError", TestAnInactiveServiceIsATypedError},
		{"TwoDatabasesByTwoNames", TestTwoDatabasesByTwoNames},
		{"ServicesCarryLargeValues", TestServicesCarryLargeValues},
		{"SQLFromC", TestSQLFromC},
		{"StorageFromC", TestStorageFromC},
		{"AHandlerUsesACache", TestAHandlerUsesACache},
		{"AHandlerFetches", TestAHandlerFetches},
		{"Email", TestEmail},
		{"ServicesOutliveMisuse", TestServicesOutliveMisuse},
	} {
		t.Run(test.name, test.run)
	}
}
