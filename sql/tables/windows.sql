-- Events of Windows: the names of System and EventData as they are.
CREATE TABLE windows (
    EventID INTEGER, -- what happened: 4624 log-on, 4625 failed log-on, 4768 ticket ...
    Channel TEXT COLLATE NOCASE, -- the log: Security, System ...
    Computer TEXT COLLATE NOCASE, -- [observable host] the machine that wrote the event
    TargetUserName TEXT COLLATE NOCASE, -- [observable account] the account that it is about
    TargetDomainName TEXT COLLATE NOCASE, -- domain or machine of that account
    SubjectUserName TEXT COLLATE NOCASE, -- [observable account] the account that did it
    SubjectDomainName TEXT COLLATE NOCASE, -- domain or machine of that account
    IpAddress TEXT COLLATE NOCASE, -- address of the client as written: ::ffff:192.168.0.1, - for none
    src_ip TEXT COLLATE NOCASE, -- [client observable host] the same as a plain address, NULL where there is none
    WorkstationName TEXT COLLATE NOCASE, -- [observable host] name that the client gave (4624, 4625)
    LogonType INTEGER, -- 2 at the machine, 3 over the network, 10 remote desktop ...
    Status TEXT COLLATE NOCASE, -- result, as hexadecimal: 0xc000006d, 0x18
    SubStatus TEXT COLLATE NOCASE, -- more about it: 0xc000006a a wrong password, 0xc0000064 no such user
    AuthenticationPackageName TEXT COLLATE NOCASE, -- NTLM, Kerberos, Negotiate
    LogonProcessName TEXT COLLATE NOCASE, -- NtLmSsp, Kerberos, User32, seclogo ...
    KeyLength INTEGER, -- of the NTLM session key, 0 for none
    ServiceName TEXT COLLATE NOCASE, -- [observable account] account of the service of a ticket; name of an installed service
    TicketEncryptionType TEXT COLLATE NOCASE, -- of the ticket: 0x12 AES-256, 0x17 RC4
    TicketOptions TEXT COLLATE NOCASE, -- flags of the ticket
    PreAuthType INTEGER, -- how the client proved itself: 0 not at all, 2 by password
    TargetLogonId TEXT COLLATE NOCASE, -- the session of a log-on
    SubjectLogonId TEXT COLLATE NOCASE, -- the session of SubjectUserName
    TargetUserSid TEXT COLLATE NOCASE, -- SID of TargetUserName
    SubjectUserSid TEXT COLLATE NOCASE, -- SID of SubjectUserName
    Workstation TEXT COLLATE NOCASE, -- [observable host] name that the client gave (4776)
    PrivilegeList TEXT COLLATE NOCASE, -- privileges of the session (4672)
    ObjectName TEXT COLLATE NOCASE, -- what was used
    ObjectType TEXT COLLATE NOCASE, -- what kind of thing that is
    ObjectServer TEXT COLLATE NOCASE, -- who manages it: DS, Security, SC Manager ...
    ObjectClass TEXT COLLATE NOCASE, -- class of a directory object
    ObjectDN TEXT COLLATE NOCASE, -- name of a directory object
    Properties TEXT COLLATE NOCASE, -- GUIDs of the properties that were used
    AccessMask TEXT COLLATE NOCASE, -- rights, as hexadecimal
    AccessList TEXT COLLATE NOCASE, -- rights, as numbers of messages
    ShareName TEXT COLLATE NOCASE, -- share, such as \\*\ADMIN$
    RelativeTargetName TEXT COLLATE NOCASE, -- [observable filename] file or pipe in the share
    ServiceFileName TEXT COLLATE NOCASE, -- command of an installed service (4697)
    ImagePath TEXT COLLATE NOCASE, -- the same (7045)
    TaskName TEXT COLLATE NOCASE, -- [observable] scheduled task
    AttributeLDAPDisplayName TEXT COLLATE NOCASE, -- attribute that was changed
    AttributeValue TEXT COLLATE NOCASE, -- its value
    MemberName TEXT COLLATE NOCASE, -- account that joined or left a group
    MemberSid TEXT COLLATE NOCASE, -- its SID
    TargetSid TEXT COLLATE NOCASE, -- SID of the account or group that was changed
    SamAccountName TEXT COLLATE NOCASE, -- new name of an account or group
    ProcessName TEXT COLLATE NOCASE, -- program that did it
    NewProcessName TEXT COLLATE NOCASE, -- [observable filename] program that was started (4688)
    Level INTEGER, -- 0 always, 1 critical, 2 error, 3 warning, 4 information
    Task INTEGER, -- category of the event
    Opcode INTEGER, -- step of an activity
    Keywords TEXT COLLATE NOCASE, -- flags: 0x8020000000000000 success, 0x8010000000000000 failure of an audit
    CommandLine TEXT COLLATE NOCASE, -- command line of a new process
    ParentProcessName TEXT COLLATE NOCASE, -- program that started it
    AuditPolicyChanges TEXT COLLATE NOCASE, -- what of the audit policy changed (4719)
    SubcategoryGuid TEXT COLLATE NOCASE, -- of which audit subcategory
    OldTargetUserName TEXT COLLATE NOCASE, -- [observable account] name of an account before it was renamed
    NewTargetUserName TEXT COLLATE NOCASE, -- [observable account] and after
    AllowedToDelegateTo TEXT COLLATE NOCASE, -- services to which an account may delegate
    SidHistory TEXT COLLATE NOCASE, -- former SIDs of an account
    UserAccountControl TEXT COLLATE NOCASE, -- flags of an account that changed
    TaskContent TEXT COLLATE NOCASE, -- definition of a scheduled task, XML
    IpPort INTEGER, -- port of the client
    FailureReason TEXT COLLATE NOCASE, -- why a log-on failed, as number of a message
    LogonGuid TEXT COLLATE NOCASE, -- ties a log-on to a ticket
    TargetServerName TEXT COLLATE NOCASE, -- machine that explicit credentials were used for (4648)
    TargetName TEXT COLLATE NOCASE, -- what they were used for
    TargetInfo TEXT COLLATE NOCASE, -- more about it
    PackageName TEXT COLLATE NOCASE, -- package that checked credentials (4776)
    LmPackageName TEXT COLLATE NOCASE, -- NTLM V1, NTLM V2
    ImpersonationLevel TEXT COLLATE NOCASE, -- how far the session may act for the user
    ElevatedToken TEXT COLLATE NOCASE, -- session with full rights, as number of a message
    OperationType TEXT COLLATE NOCASE, -- added or removed, as number of a message
    AccountName TEXT COLLATE NOCASE, -- [observable account] account that a service runs as; user of a session
    ClientName TEXT COLLATE NOCASE, -- [observable host] machine of a remote desktop session (4778)
    ClientAddress TEXT COLLATE NOCASE, -- [observable host] its address
    SourceAddress TEXT COLLATE NOCASE, -- [observable host] source of a connection (5156)
    SourcePort INTEGER, -- its port
    DestAddress TEXT COLLATE NOCASE, -- [observable host] where it went
    DestPort INTEGER, -- that port
    Application TEXT COLLATE NOCASE, -- program of a connection
    ObjectValueName TEXT COLLATE NOCASE, -- registry value
    Provider_Name TEXT COLLATE NOCASE, -- who wrote the event
    Provider_Guid TEXT COLLATE NOCASE, -- its GUID
    Version INTEGER, -- version of the event's definition
    EventRecordID INTEGER, -- number of the event in its log
    Correlation_ActivityID TEXT COLLATE NOCASE, -- ties events of one activity together
    Execution_ProcessID INTEGER, -- process that wrote the event
    Execution_ThreadID INTEGER, -- its thread
    Security_UserID TEXT COLLATE NOCASE, -- SID of the account that it ran as
    src_internal INTEGER AS (is_private_ip(src_ip)), -- 1: the client is in a private network
    data TEXT, -- the other values as one JSON object, its keys in order
    byte INTEGER -- where the record starts in the file (after decompression), from 0
);
