"""The properties that HubSpot itself defines for contacts, with their real flags; those of stages are elsewhere.

A row is `name type flags label`, in property groups; `standard_properties` reads it and explains the flags. Names,
types and flags are those of a property list recorded in 2026-02 (GitHub estuary/connectors, source-hubspot-native).
"""

CONTACT_TABLE = """
[contactinformation]
address                                         string                      f
annualrevenue                                   string                      fdp  Annual Revenue
associatedcompanyid                             number                      xh   Primary Associated Company ID
associatedcompanylastupdated                    number                      rh
city                                            string                      f    City
company                                         string                      f    Company Name
country                                         string                      fdp  Country/Region
createdate                                      datetime                    r    Create Date
email                                           string                      fu   Email
fax                                             string/phonenumber          f
firstname                                       string                      f    First Name
hs_additional_emails                            enumeration                 hu   Additional email addresses
hs_all_accessible_team_ids                      enumeration                 rxh
hs_all_assigned_business_unit_ids               enumeration/checkbox        x
hs_all_contact_vids                             enumeration                 rch  All vids for a contact
hs_all_owner_ids                                enumeration                 rxh
hs_all_team_ids                                 enumeration                 rxh
hs_associated_target_accounts                   number/calculation_rollup   rhd
hs_avatar_filemanager_key                       string                      rh
hs_calculated_form_submissions                  enumeration                 rch  All form submissions for a contact
hs_calculated_merged_vids                       enumeration                 rch  Merged vids with timestamps
hs_calculated_mobile_number                     string                      rch
hs_calculated_phone_number                      string                      rch
hs_calculated_phone_number_area_code            string                      rch
hs_calculated_phone_number_country_code         string                      rch
hs_calculated_phone_number_region_code          string                      rch
hs_contact_creation_legal_basis_source_instance_id string                      r
hs_contact_enrichment_opt_out                   bool                        r
hs_contact_enrichment_opt_out_timestamp         datetime                    r
hs_content_membership_email                     string                      -
hs_content_membership_email_confirmed           bool                        r
hs_content_membership_follow_up_enqueued_at     datetime                    r
hs_content_membership_registered_at             datetime                    r
hs_content_membership_registration_domain_sent_to string                      r
hs_content_membership_registration_email_sent_at datetime                    r
hs_conversations_visitor_email                  string                      rh
hs_count_is_unworked                            number/calculation_equation rh
hs_count_is_worked                              number/calculation_equation rh
hs_country_region_code                          string                      fd   Country/Region Code
hs_created_by_conversations                     bool                        rh
hs_created_by_user_id                           number                      rx
hs_createdate                                   datetime                    rh
hs_current_customer                             enumeration                 r    Current customer
hs_currently_enrolled_in_prospecting_agent      bool/calculation_equation   rc
hs_customer_agent_lead_status                   enumeration/radio           -
hs_data_privacy_ads_consent                     bool                        rh
hs_document_last_revisited                      datetime                    rh
hs_email_domain                                 string                      rc   Email Domain
hs_feedback_last_csat_survey_date               datetime/calculation_rollup r
hs_feedback_last_csat_survey_follow_up          string/calculation_rollup   r
hs_feedback_last_csat_survey_rating             number/calculation_rollup   r
hs_feedback_last_nps_rating_number              number/calculation_rollup   r
hs_feedback_show_nps_web_survey                 bool                        h
hs_first_engagement_object_id                   number                      rc
hs_first_outreach_date                          datetime                    rch
hs_first_subscription_create_date               datetime/calculation_rollup rh
hs_full_name_or_email                           string/calculation_equation rch
hs_gps_error                                    string                      r
hs_gps_latitude                                 string                      h
hs_gps_longitude                                string                      h
hs_has_active_subscription                      number/calculation_rollup   rh
hs_inferred_language_codes                      enumeration                 d
hs_intent_paid_up_to_date                       date                        rhd
hs_intent_signals_enabled                       bool                        rd
hs_is_contact                                   bool/calculation_read_time  rch
hs_is_enriched                                  bool                        r
hs_is_merge_revertible                          bool                        rh
hs_journey_stage                                enumeration/radio           d
hs_language                                     enumeration                 f    Preferred language
hs_last_metered_enrichment_timestamp            datetime                    hd
hs_last_sales_activity_date                     datetime                    rh
hs_last_sales_activity_type                     enumeration                 rh   Last Engagement Type
hs_lastmodifieddate                             datetime                    rh   Object last modified date/time
hs_latest_disqualified_lead_date                datetime/calculation_rollup rc
hs_latest_meeting_activity                      datetime                    rh   Latest meeting activity
hs_latest_open_lead_date                        datetime/calculation_rollup rc
hs_latest_qualified_lead_date                   datetime/calculation_rollup rc
hs_latest_sequence_ended_date                   datetime                    rc
hs_latest_sequence_enrolled                     number                      rx
hs_latest_sequence_enrolled_date                datetime                    r
hs_latest_sequence_finished_date                datetime                    rh
hs_latest_sequence_unenrolled_date              datetime                    rh
hs_latest_subscription_create_date              datetime/calculation_rollup rh
hs_latitude                                     number                      r
hs_live_enrichment_deadline                     datetime                    hd
hs_longitude                                    number                      r
hs_manual_campaign_ids                          number/calculation_rollup   rcxh
hs_marketable_reason_id                         string                      r
hs_marketable_reason_type                       enumeration                 r
hs_marketable_status                            enumeration/booleancheckbox r    Marketing contact status
hs_marketable_until_renewal                     enumeration/booleancheckbox r
hs_membership_last_private_content_access_date  datetime                    r
hs_merged_object_ids                            enumeration/checkbox        r    Merged record IDs
hs_mobile_sdk_push_tokens                       string                      rh
hs_notes_last_activity                          object_coordinates          rh
hs_notes_next_activity                          object_coordinates          rh
hs_notes_next_activity_type                     enumeration                 rh
hs_object_id                                    number                      r    Record ID
hs_object_source                                string                      rh   Record source
hs_object_source_detail_1                       string                      r
hs_object_source_detail_2                       string                      r
hs_object_source_detail_3                       string                      r
hs_object_source_id                             string                      rh   Record source ID
hs_object_source_label                          enumeration                 rx   Record source
hs_object_source_user_id                        number                      rh   Record source user ID
hs_owning_teams                                 enumeration/checkbox        xh
hs_persona                                      enumeration                 f
hs_pinned_engagement_id                         number                      h
hs_pipeline                                     enumeration                 xh   Pipeline
hs_prospecting_agent_actively_enrolled_count    number/calculation_rollup   rh
hs_prospecting_agent_last_enrolled              datetime/calculation_rollup -
hs_prospecting_agent_total_enrolled_count       number/calculation_rollup   -
hs_read_only                                    bool                        rh
hs_registration_method                          string                      r
hs_role                                         enumeration                 fd   Employment Role
hs_sa_first_engagement_date                     datetime                    r    Date of first engagement
hs_sa_first_engagement_descr                    enumeration                 rc   Description of first engagement
hs_sa_first_engagement_object_type              enumeration                 rc   Type of first engagement
hs_searchable_calculated_international_mobile_number phone_number                rch
hs_searchable_calculated_international_phone_number phone_number                rch
hs_searchable_calculated_mobile_number          phone_number                rch
hs_searchable_calculated_phone_number           phone_number                rch
hs_seniority                                    enumeration                 fd   Employment Seniority
hs_sequences_actively_enrolled_count            number                      rh
hs_sequences_enrolled_count                     number                      r
hs_shared_team_ids                              enumeration/checkbox        x
hs_shared_user_ids                              enumeration/checkbox        x
hs_source_object_id                             number                      rh
hs_source_portal_id                             number                      rh
hs_state_code                                   string                      fd   State/Region Code
hs_sub_role                                     enumeration                 fd   Employment Sub Role
hs_testpurge                                    string                      rhd
hs_testrollback                                 string                      rhd
hs_time_between_contact_creation_and_deal_close number/calculation_equation d
hs_time_between_contact_creation_and_deal_creation number/calculation_equation d
hs_time_to_first_engagement                     number                      rc   Lead response time
hs_time_to_move_from_lead_to_customer           number/calculation_equation d
hs_time_to_move_from_marketingqualifiedlead_to_customer number/calculation_equation d
hs_time_to_move_from_opportunity_to_customer    number/calculation_equation d
hs_time_to_move_from_salesqualifiedlead_to_customer number/calculation_equation d
hs_time_to_move_from_subscriber_to_customer     number/calculation_equation d
hs_timezone                                     enumeration                 f    Time Zone
hs_unique_creation_key                          string                      rhu
hs_updated_by_user_id                           number                      rx
hs_user_ids_of_all_notification_followers       enumeration/checkbox        rxh
hs_user_ids_of_all_notification_unfollowers     enumeration/checkbox        rxh
hs_user_ids_of_all_owners                       enumeration/checkbox        rxh
hs_was_imported                                 bool                        rh
hs_whatsapp_phone_number                        string/phonenumber          f
industry                                        string                      fdp  Industry
jobtitle                                        string                      f    Job Title
lastmodifieddate                                datetime                    r    Last Modified Date
lastname                                        string                      f    Last Name
mobilephone                                     string/phonenumber          f    Mobile Phone Number
numemployees                                    enumeration                 fdp  Number of Employees
phone                                           string/phonenumber          f    Phone Number
salutation                                      string                      fdp
state                                           string                      fdp  State/Region
surveymonkeyeventlastupdated                    number                      rh
twitterhandle                                   string                      f
webinareventlastupdated                         number                      rh
website                                         string                      f    Website URL
zip                                             string                      f    Postal Code

[analyticsinformation]
hs_analytics_average_page_views                 number                      r    Average Pageviews
hs_analytics_first_referrer                     string                      r    First Referring Site
hs_analytics_first_timestamp                    datetime                    r    Time First Seen
hs_analytics_first_touch_converting_campaign    string                      rx
hs_analytics_first_url                          string                      r    First Page Seen
hs_analytics_first_visit_timestamp              datetime                    r    Time of First Session
hs_analytics_last_referrer                      string                      r    Last Referring Site
hs_analytics_last_timestamp                     datetime                    r    Time of Last Visit
hs_analytics_last_touch_converting_campaign     string                      rx
hs_analytics_last_url                           string                      r    Last Page Seen
hs_analytics_last_visit_timestamp               datetime                    r    Time of Last Session
hs_analytics_num_event_completions              number                      r    Number of event completions
hs_analytics_num_page_views                     number                      r    Number of Pageviews
hs_analytics_num_visits                         number                      r    Number of Sessions
hs_analytics_revenue                            number                      r
hs_analytics_source                             enumeration                 -    Original Traffic Source
hs_analytics_source_composite_data              string                      rh
hs_analytics_source_data_1                      string                      r    Original Traffic Source Drill-Down 1
hs_analytics_source_data_2                      string                      r    Original Traffic Source Drill-Down 2
hs_latest_source                                enumeration                 -    Latest Traffic Source
hs_latest_source_composite_data                 string                      rh
hs_latest_source_data_1                         string                      r
hs_latest_source_data_2                         string                      r
hs_latest_source_timestamp                      datetime                    -    Latest Traffic Source Date

[emailinformation]
hs_email_bad_address                            bool                        r    Invalid email address
hs_email_bounce                                 number                      r    Marketing emails bounced
hs_email_click                                  number                      r    Marketing emails clicked
hs_email_customer_quarantined_reason            enumeration                 -
hs_email_delivered                              number                      r    Marketing emails delivered
hs_email_first_click_date                       datetime                    r    First marketing email click date
hs_email_first_open_date                        datetime                    r    First marketing email open date
hs_email_first_reply_date                       datetime                    r    First marketing email reply date
hs_email_first_send_date                        datetime                    r    First marketing email send date
hs_email_hard_bounce_reason                     string                      rh
hs_email_hard_bounce_reason_enum                enumeration/radio           r    Email hard bounce reason
hs_email_is_ineligible                          bool                        rh   Is globally ineligible
hs_email_last_click_date                        datetime                    r    Last marketing email click date
hs_email_last_email_name                        string                      r
hs_email_last_open_date                         datetime                    r    Last marketing email open date
hs_email_last_reply_date                        datetime                    r    Last marketing email reply date
hs_email_last_send_date                         datetime                    r    Last marketing email send date
hs_email_open                                   number                      r    Marketing emails opened
hs_email_optimal_send_day_of_week               string                      rh
hs_email_optimal_send_time_of_day               string                      rh
hs_email_optout                                 bool                        r    Unsubscribed from all email
hs_email_optout_20010001                        enumeration/booleancheckbox r    Opted out of email: Newsletter
hs_email_quarantined                            bool                        r    Email address quarantined
hs_email_quarantined_reason                     enumeration                 r    Email address quarantine reason
hs_email_recipient_fatigue_recovery_time        datetime                    rh
hs_email_replied                                number                      r    Marketing emails replied
hs_email_sends_since_last_engagement            number                      r    Sends Since Last Engagement
hs_emailconfirmationstatus                      enumeration                 r    Marketing email confirmation status
hs_employment_change_detected_date              date                        d
hs_enriched_email_bounce_detected               bool                        -
hs_job_change_detected_date                     date                        d
hs_legal_basis                                  enumeration/checkbox        o
hs_messaging_engagement_score                   number                      rh
hs_quarantined_emails                           string/textarea             r
hs_returning_to_office_detected_date            date                        d

[conversioninformation]
hs_bing_ad_clicked                              bool                        hd
hs_bing_click_id                                string                      -
hs_clicked_linkedin_ad                          enumeration/booleancheckbox hd
hs_facebook_ad_clicked                          bool                        hdp
hs_facebook_click_id                            string                      -
hs_google_click_id                              string                      -
hs_ip_timezone                                  string                      r
hs_linkedin_ad_clicked                          enumeration/booleancheckbox hd
hs_linkedin_click_id                            string                      -
hs_tiktok_ad_clicked                            bool                        hd
hs_tiktok_click_id                              string                      -
ip_city                                         string                      r
ip_country                                      string                      r    IP Country
ip_country_code                                 string                      r    IP Country Code
ip_latlon                                       string                      rh
ip_state                                        string                      r
ip_state_code                                   string                      r
ip_zipcode                                      string                      rh
num_conversion_events                           number                      rc   Number of Form Submissions
num_unique_conversion_events                    number                      rc   Number of Unique Forms Submitted
recent_conversion_date                          datetime                    rc   Recent Conversion Date
recent_conversion_event_name                    string                      rc   Recent Conversion

[contact_activity]
currentlyinworkflow                             enumeration/booleancheckbox r
engagements_last_meeting_booked                 datetime                    r    Date of last meeting booked
engagements_last_meeting_booked_campaign        string                      r    Campaign of last meeting booked
engagements_last_meeting_booked_medium          string                      r    Medium of last meeting booked
engagements_last_meeting_booked_source          string                      r    Source of last meeting booked
first_conversion_date                           datetime                    rc   First Conversion Date
first_conversion_event_name                     string                      rc   First Conversion
hs_content_membership_notes                     string/textarea             -
hs_content_membership_status                    enumeration                 -
hs_feedback_last_ces_survey_date                datetime/calculation_rollup r
hs_feedback_last_ces_survey_follow_up           string/calculation_rollup   r
hs_feedback_last_ces_survey_rating              number/calculation_rollup   r
hs_feedback_last_nps_follow_up                  string                      r
hs_feedback_last_nps_rating                     enumeration                 r
hs_feedback_last_survey_date                    datetime                    r
hs_last_sales_activity_timestamp                datetime                    r    Last Engagement Date
hs_predictivecontactscore                       number                      r    Likelihood to close (legacy)
hs_predictivecontactscore_v2                    number                      r    Likelihood to close
hs_predictivecontactscorebucket                 enumeration/radio           r    Lead Rating
hs_predictivescoringtier                        enumeration/radio           r    Contact priority
hs_sales_email_last_clicked                     datetime                    r    Recent Sales Email Clicked Date
hs_sales_email_last_opened                      datetime                    r    Recent Sales Email Opened Date
hs_sales_email_last_replied                     datetime                    r    Recent Sales Email Replied Date
hs_sequences_is_enrolled                        bool                        rc   Currently in Sequence
message                                         string/textarea             f
notes_last_contacted                            datetime                    r    Last Contacted
notes_last_updated                              datetime                    r    Last Activity Date
notes_next_activity_date                        datetime                    r    Next Activity Date
num_contacted_notes                             number                      r    Number of times contacted
num_notes                                       number                      r    Number of Sales Activities

[sales_properties]
hs_is_unworked                                  bool/calculation_equation   r    Contact unworked
hs_lead_status                                  enumeration/radio           fo   Lead Status
hubspot_owner_assigneddate                      datetime                    r    Owner assigned date
hubspot_owner_id                                enumeration                 x    Contact owner
hubspot_team_id                                 enumeration                 rx
hubspotscore                                    number/calculation_score    r    HubSpot Score
owneremail                                      string                      dp
ownername                                       string                      -

[deal_information]
closedate                                       datetime                    -
days_to_close                                   number                      rc
first_deal_created_date                         datetime                    r
hs_buying_role                                  enumeration/checkbox        fo
num_associated_deals                            number/calculation_rollup   r    Number of Associated Deals
recent_deal_amount                              number                      r    Recent Deal Amount
recent_deal_close_date                          datetime                    r
total_revenue                                   number                      r    Total Revenue

[order_information]
hs_first_closed_order_id                        number                      r
hs_first_order_closed_date                      datetime                    r
hs_recent_closed_order_date                     datetime                    r

[socialmediainformation]
followercount                                   number                      -
hs_facebookid                                   string                      hdp
hs_googleplusid                                 string                      hdp
hs_linkedin_url                                 string                      fd
hs_linkedinid                                   string                      hdp
hs_social_facebook_clicks                       number                      r    Facebook Clicks
hs_social_google_plus_clicks                    number                      r
hs_social_last_engagement                       datetime                    r    Most Recent Social Click
hs_social_linkedin_clicks                       number                      r    LinkedIn Clicks
hs_social_num_broadcast_clicks                  number                      r    Broadcast Clicks
hs_social_twitter_clicks                        number                      r    Twitter Clicks
hs_twitterid                                    string                      hdp
kloutscoregeneral                               number                      f
linkedinbio                                     string                      f
linkedinconnections                             number                      f
photo                                           string                      hf
twitterbio                                      string                      f
twitterprofilephoto                             string                      -

[facebook_ads_properties]
company_size                                    string                      fdp  Company size
date_of_birth                                   string                      fdp
degree                                          string                      fdp
field_of_study                                  string                      fdp
gender                                          string                      fdp
graduation_date                                 string                      fdp
job_function                                    string                      fdp  Job function
marital_status                                  string                      fdp
military_status                                 string                      fdp
relationship_status                             string                      fdp
school                                          string                      fdp
seniority                                       string                      fdp  Seniority
start_date                                      string                      fdp
work_email                                      string                      fdp

[smsinformation]
hs_last_sms_send_date                           datetime                    rh
hs_last_sms_send_name                           string                      rh

[contactscripted]
hs_membership_has_accessed_private_content      number/calculation_equation rc
hs_registered_member                            number/calculation_equation rc

[multiaccountmanagement]
hs_cross_sell_opportunity                       bool                        h
"""
