-- Who did what on which machine.
SELECT CASE WHEN $hit = 'Computer' THEN coalesce(src_ip, nullif(WorkstationName, '-'),
                 Workstation, DestAddress, TargetUserName)
            WHEN $hit IN ('TargetUserName', 'SubjectUserName', 'AccountName', 'ServiceName',
                 'OldTargetUserName', 'NewTargetUserName')
            THEN coalesce(src_ip, nullif(WorkstationName, '-'), Workstation, Computer)
            WHEN $hit = 'SourceAddress' THEN DestAddress
            WHEN $hit = 'DestAddress' THEN SourceAddress
            ELSE Computer END AS other,
       CASE EventID
       WHEN 4624 THEN 'logon type ' || coalesce(LogonType, '?') || coalesce(' of ' || TargetUserName, '')
            || coalesce(' from ' || coalesce(src_ip, nullif(WorkstationName, '-')), '') || ': success'
       WHEN 4625 THEN 'logon type ' || coalesce(LogonType, '?') || coalesce(' of ' || TargetUserName, '')
            || coalesce(' from ' || coalesce(src_ip, nullif(WorkstationName, '-')), '') || ': failed'
            || coalesce(' (' || coalesce(nullif(SubStatus, '0x0'), Status) || ')', '')
       WHEN 4634 THEN 'logoff' || coalesce(' of ' || TargetUserName, '')
       WHEN 4647 THEN 'logoff' || coalesce(' of ' || TargetUserName, '')
       WHEN 4648 THEN coalesce(SubjectUserName, '?') || ' used the credentials of '
            || coalesce(TargetUserName, '?') || coalesce(' for ' || TargetServerName, '')
       WHEN 4672 THEN 'privileges for ' || coalesce(SubjectUserName, '?')
       WHEN 4688 THEN coalesce(SubjectUserName, '?') || ' started '
            || coalesce(nullif(CommandLine, ''), NewProcessName, '?')
       WHEN 4697 THEN 'service ' || coalesce(ServiceName, '?') || ' installed: '
            || coalesce(ServiceFileName, '?')
       WHEN 7045 THEN 'service ' || coalesce(ServiceName, '?') || ' installed: '
            || coalesce(ImagePath, '?')
       WHEN 4698 THEN coalesce(SubjectUserName, '?') || ' made task ' || coalesce(TaskName, '?')
       WHEN 4702 THEN coalesce(SubjectUserName, '?') || ' changed task ' || coalesce(TaskName, '?')
       WHEN 4720 THEN coalesce(SubjectUserName, '?') || ' made account ' || coalesce(TargetUserName, '?')
       WHEN 4722 THEN coalesce(SubjectUserName, '?') || ' enabled account ' || coalesce(TargetUserName, '?')
       WHEN 4724 THEN coalesce(SubjectUserName, '?') || ' set the password of ' || coalesce(TargetUserName, '?')
       WHEN 4725 THEN coalesce(SubjectUserName, '?') || ' disabled account ' || coalesce(TargetUserName, '?')
       WHEN 4726 THEN coalesce(SubjectUserName, '?') || ' deleted account ' || coalesce(TargetUserName, '?')
       WHEN 4728 THEN coalesce(SubjectUserName, '?') || ' put ' || coalesce(MemberName, MemberSid, '?')
            || ' into group ' || coalesce(TargetUserName, '?')
       WHEN 4732 THEN coalesce(SubjectUserName, '?') || ' put ' || coalesce(MemberName, MemberSid, '?')
            || ' into group ' || coalesce(TargetUserName, '?')
       WHEN 4756 THEN coalesce(SubjectUserName, '?') || ' put ' || coalesce(MemberName, MemberSid, '?')
            || ' into group ' || coalesce(TargetUserName, '?')
       WHEN 4729 THEN coalesce(SubjectUserName, '?') || ' took ' || coalesce(MemberName, MemberSid, '?')
            || ' out of group ' || coalesce(TargetUserName, '?')
       WHEN 4733 THEN coalesce(SubjectUserName, '?') || ' took ' || coalesce(MemberName, MemberSid, '?')
            || ' out of group ' || coalesce(TargetUserName, '?')
       WHEN 4738 THEN coalesce(SubjectUserName, '?') || ' changed account ' || coalesce(TargetUserName, '?')
       WHEN 4742 THEN coalesce(SubjectUserName, '?') || ' changed computer account ' || coalesce(TargetUserName, '?')
       WHEN 4781 THEN coalesce(SubjectUserName, '?') || ' renamed account ' || coalesce(OldTargetUserName, '?')
            || ' to ' || coalesce(NewTargetUserName, '?')
       WHEN 4662 THEN coalesce(SubjectUserName, '?') || ' used ' || coalesce(ObjectName, 'an object')
            || coalesce(' (' || Properties || ')', '')
       WHEN 5136 THEN coalesce(SubjectUserName, '?') || ' changed '
            || coalesce(AttributeLDAPDisplayName || ' of ', '') || coalesce(ObjectDN, '?')
       WHEN 4719 THEN coalesce(SubjectUserName, '?') || ' changed the audit policy'
       WHEN 4699 THEN coalesce(SubjectUserName, '?') || ' deleted task ' || coalesce(TaskName, '?')
       WHEN 4765 THEN coalesce(SubjectUserName, '?') || ' added SID history to ' || coalesce(TargetUserName, '?')
       WHEN 4766 THEN coalesce(SubjectUserName, '?') || ' failed to add SID history to ' || coalesce(TargetUserName, '?')
       WHEN 4794 THEN coalesce(SubjectUserName, '?') || ' set the password of directory services restore mode'
       WHEN 104 THEN coalesce(SubjectUserName, 'somebody') || ' cleared a log'
       WHEN 4740 THEN 'account ' || coalesce(TargetUserName, '?') || ' locked out'
       WHEN 4768 THEN 'ticket for ' || coalesce(TargetUserName, '?') || coalesce(' from ' || src_ip, '')
            || CASE WHEN Status IN ('0x0', '0x00000000') THEN ': success' ELSE coalesce(': failed (' || Status || ')', '') END
       WHEN 4769 THEN 'service ticket of ' || coalesce(TargetUserName, '?') || ' for '
            || coalesce(ServiceName, '?') || coalesce(' from ' || src_ip, '')
            || CASE WHEN Status IN ('0x0', '0x00000000') THEN ': success' ELSE coalesce(': failed (' || Status || ')', '') END
       WHEN 4771 THEN 'ticket for ' || coalesce(TargetUserName, '?') || coalesce(' from ' || src_ip, '')
            || ': failed' || coalesce(' (' || Status || ')', '')
       WHEN 4776 THEN 'NTLM check of ' || coalesce(TargetUserName, '?')
            || coalesce(' from ' || Workstation, '')
            || CASE WHEN Status IN ('0x0', '0x00000000') THEN ': success' ELSE coalesce(': failed (' || Status || ')', '') END
       WHEN 4778 THEN coalesce(AccountName, '?') || ' took up a session again'
            || coalesce(' from ' || coalesce(ClientName, ClientAddress), '')
       WHEN 4779 THEN coalesce(AccountName, '?') || ' left a session'
            || coalesce(' from ' || coalesce(ClientName, ClientAddress), '')
       WHEN 5140 THEN coalesce(SubjectUserName, '?') || ' opened share ' || coalesce(ShareName, '?')
            || coalesce(' from ' || src_ip, '')
       WHEN 5145 THEN coalesce(SubjectUserName, '?') || ' opened ' || coalesce(ShareName || '\', '')
            || coalesce(RelativeTargetName, '?') || coalesce(' from ' || src_ip, '')
       WHEN 5156 THEN coalesce(Application, 'a program') || ' connected ' || coalesce(SourceAddress, '?')
            || ' to ' || coalesce(DestAddress, '?') || coalesce(':' || DestPort, '')
       WHEN 1102 THEN coalesce(SubjectUserName, '?') || ' cleared the security log'
       ELSE 'event ' || coalesce(EventID, '?') || coalesce(' of ' || Provider_Name, '')
            || coalesce(': ' || coalesce(TargetUserName, SubjectUserName), '')
       END || ' on ' || coalesce(Computer, '?') AS what,
       *
FROM windows
