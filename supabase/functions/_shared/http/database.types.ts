
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  
  "public": {
          Tables: {
            "admin_card_returns": {
                  Row: {
                    "client_id": string,"created_at": string,"currency": string,"id": string,"quantity": number,"request_id": string | null,"returned_by": string | null,"sale_id": string,"total_amount": number
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id": string,"created_at"?: string,"currency": string,"id"?: string,"quantity": number,"request_id"?: string | null,"returned_by"?: string | null,"sale_id": string,"total_amount": number
                  }
                  Update: {
                    "client_id"?: string,"created_at"?: string,"currency"?: string,"id"?: string,"quantity"?: number,"request_id"?: string | null,"returned_by"?: string | null,"sale_id"?: string,"total_amount"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "admin_card_returns_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_returns_sale_id_fkey"
      columns: ["sale_id"]
isOneToOne: false
      referencedRelation: "admin_card_sales"
      referencedColumns: ["id"]
    }
                  ]
                },"admin_card_sales": {
                  Row: {
                    "buyer_client_id": string,"buyer_pool_id": string,"client_id": string,"cost_per_card": number,"created_at": string,"currency": string,"id": string,"master_pool_id": string,"platform_price_per_card": number,"platform_total_amount": number,"price_per_card": number,"quantity": number,"request_id": string | null,"sold_by": string | null,"total_amount": number
                  }
                  ComputedFields: never
                  Insert: {
                    "buyer_client_id": string,"buyer_pool_id": string,"client_id"?: never,"cost_per_card": number,"created_at"?: string,"currency": string,"id"?: string,"master_pool_id": string,"platform_price_per_card": number,"platform_total_amount"?: never,"price_per_card": number,"quantity": number,"request_id"?: string | null,"sold_by"?: string | null,"total_amount"?: never
                  }
                  Update: {
                    "buyer_client_id"?: string,"buyer_pool_id"?: string,"client_id"?: never,"cost_per_card"?: number,"created_at"?: string,"currency"?: string,"id"?: string,"master_pool_id"?: string,"platform_price_per_card"?: number,"platform_total_amount"?: never,"price_per_card"?: number,"quantity"?: number,"request_id"?: string | null,"sold_by"?: string | null,"total_amount"?: never
                  }
                  Relationships: [
                    {
      foreignKeyName: "admin_card_sales_buyer_client_id_fkey"
      columns: ["buyer_client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_sales_buyer_pool_id_fkey"
      columns: ["buyer_pool_id"]
isOneToOne: false
      referencedRelation: "active_gift_card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_sales_buyer_pool_id_fkey"
      columns: ["buyer_pool_id"]
isOneToOne: false
      referencedRelation: "card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_sales_buyer_pool_id_fkey"
      columns: ["buyer_pool_id"]
isOneToOne: false
      referencedRelation: "gift_card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_sales_master_pool_id_fkey"
      columns: ["master_pool_id"]
isOneToOne: false
      referencedRelation: "active_gift_card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_sales_master_pool_id_fkey"
      columns: ["master_pool_id"]
isOneToOne: false
      referencedRelation: "card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "admin_card_sales_master_pool_id_fkey"
      columns: ["master_pool_id"]
isOneToOne: false
      referencedRelation: "gift_card_pools"
      referencedColumns: ["id"]
    }
                  ]
                },"agencies": {
                  Row: {
                    "created_at": string,"id": string,"is_active": boolean,"name": string,"prepaid_since": string | null,"slug": string
                  }
                  ComputedFields: never
                  Insert: {
                    "created_at"?: string,"id"?: string,"is_active"?: boolean,"name": string,"prepaid_since"?: string | null,"slug": string
                  }
                  Update: {
                    "created_at"?: string,"id"?: string,"is_active"?: boolean,"name"?: string,"prepaid_since"?: string | null,"slug"?: string
                  }
                  Relationships: [
                    
                  ]
                },"agency_brands": {
                  Row: {
                    "agency_id": string,"brand_id": string,"id": string,"is_enabled": boolean,"markup_percentage": number | null
                  }
                  ComputedFields: never
                  Insert: {
                    "agency_id": string,"brand_id": string,"id"?: string,"is_enabled"?: boolean,"markup_percentage"?: number | null
                  }
                  Update: {
                    "agency_id"?: string,"brand_id"?: string,"id"?: string,"is_enabled"?: boolean,"markup_percentage"?: number | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "agency_brands_agency_id_fkey"
      columns: ["agency_id"]
isOneToOne: false
      referencedRelation: "agencies"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "agency_brands_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    }
                  ]
                },"agency_denominations": {
                  Row: {
                    "agency_id": string,"brand_id": string,"currency": string,"custom_price": number | null,"denomination": number,"id": string,"is_enabled": boolean,"markup_percentage": number | null
                  }
                  ComputedFields: never
                  Insert: {
                    "agency_id": string,"brand_id": string,"currency": string,"custom_price"?: number | null,"denomination": number,"id"?: string,"is_enabled"?: boolean,"markup_percentage"?: number | null
                  }
                  Update: {
                    "agency_id"?: string,"brand_id"?: string,"currency"?: string,"custom_price"?: number | null,"denomination"?: number,"id"?: string,"is_enabled"?: boolean,"markup_percentage"?: number | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "agency_denominations_agency_id_fkey"
      columns: ["agency_id"]
isOneToOne: false
      referencedRelation: "agencies"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "agency_denominations_value_is_the_brands"
      columns: ["brand_id","denomination","currency"]
isOneToOne: false
      referencedRelation: "brand_denominations"
      referencedColumns: ["brand_id","denomination","currency"]
    }
                  ]
                },"audit_events": {
                  Row: {
                    "action": string,"actor_id": string | null,"client_id": string | null,"created_at": string,"id": number,"metadata": NonNullable<Json>,"origin": string,"reason": string | null,"request_id": string | null,"subject_id": string,"subject_type": string
                  }
                  ComputedFields: never
                  Insert: {
                    "action": string,"actor_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"id"?: never,"metadata"?: NonNullable<Json>,"origin"?: string,"reason"?: string | null,"request_id"?: string | null,"subject_id": string,"subject_type": string
                  }
                  Update: {
                    "action"?: string,"actor_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"id"?: never,"metadata"?: NonNullable<Json>,"origin"?: string,"reason"?: string | null,"request_id"?: string | null,"subject_id"?: string,"subject_type"?: string
                  }
                  Relationships: [
                    
                  ]
                },"billing_transactions": {
                  Row: {
                    "agency_id": string,"agency_margin": number,"billed_entity_id": string,"billed_entity_type": string,"campaign_id": string,"client_id": string,"client_price": number,"cost_basis": number,"created_at": string,"currency": string,"denomination": number,"gift_card_id": string,"grant_id": string,"id": string,"margin": number,"platform_price": number,"price": number,"quantity": number,"recipient_id": string,"request_id": string | null,"reverses_id": string | null,"sale_id": string | null,"source": string,"stock_owner": string
                  }
                  ComputedFields: never
                  Insert: {
                    "agency_id": string,"agency_margin"?: never,"billed_entity_id": string,"billed_entity_type": string,"campaign_id": string,"client_id": string,"client_price": number,"cost_basis": number,"created_at"?: string,"currency": string,"denomination": number,"gift_card_id": string,"grant_id": string,"id"?: string,"margin"?: never,"platform_price": number,"price"?: never,"quantity"?: never,"recipient_id": string,"request_id"?: string | null,"reverses_id"?: string | null,"sale_id"?: string | null,"source": string,"stock_owner": string
                  }
                  Update: {
                    "agency_id"?: string,"agency_margin"?: never,"billed_entity_id"?: string,"billed_entity_type"?: string,"campaign_id"?: string,"client_id"?: string,"client_price"?: number,"cost_basis"?: number,"created_at"?: string,"currency"?: string,"denomination"?: number,"gift_card_id"?: string,"grant_id"?: string,"id"?: string,"margin"?: never,"platform_price"?: number,"price"?: never,"quantity"?: never,"recipient_id"?: string,"request_id"?: string | null,"reverses_id"?: string | null,"sale_id"?: string | null,"source"?: string,"stock_owner"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "billing_transactions_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_card_inventory"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "billing_transactions_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_cards"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "billing_transactions_grant_id_fkey"
      columns: ["grant_id"]
isOneToOne: false
      referencedRelation: "gift_card_grants"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "billing_transactions_reverses_id_fkey"
      columns: ["reverses_id"]
isOneToOne: false
      referencedRelation: "billing_transactions"
      referencedColumns: ["id"]
    }
                  ]
                },"brand_denominations": {
                  Row: {
                    "brand_id": string,"cost": number | null,"currency": string,"denomination": number,"id": string,"is_enabled": boolean,"price": number | null
                  }
                  ComputedFields: never
                  Insert: {
                    "brand_id": string,"cost"?: number | null,"currency"?: string,"denomination": number,"id"?: string,"is_enabled"?: boolean,"price"?: number | null
                  }
                  Update: {
                    "brand_id"?: string,"cost"?: number | null,"currency"?: string,"denomination"?: number,"id"?: string,"is_enabled"?: boolean,"price"?: number | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "brand_denominations_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    }
                  ]
                },"call_conditions_met": {
                  Row: {
                    "call_session_id": string | null,"campaign_id": string,"client_id": string,"condition_number": number,"created_at": string,"gift_card_id": string | null,"id": string,"met_by_agent_id": string | null,"recipient_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "call_session_id"?: string | null,"campaign_id": string,"client_id": string,"condition_number": number,"created_at"?: string,"gift_card_id"?: string | null,"id"?: string,"met_by_agent_id"?: string | null,"recipient_id": string
                  }
                  Update: {
                    "call_session_id"?: string | null,"campaign_id"?: string,"client_id"?: string,"condition_number"?: number,"created_at"?: string,"gift_card_id"?: string | null,"id"?: string,"met_by_agent_id"?: string | null,"recipient_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "call_conditions_met_call_session_id_fkey"
      columns: ["call_session_id"]
isOneToOne: false
      referencedRelation: "call_sessions"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "call_conditions_met_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_card_inventory"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "call_conditions_met_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_cards"
      referencedColumns: ["id"]
    }
                  ]
                },"call_sessions": {
                  Row: {
                    "agent_user_id": string,"caller_phone": string | null,"campaign_id": string | null,"checked_recipient_id": string | null,"client_id": string | null,"created_at": string,"id": string,"recipient_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "agent_user_id": string,"caller_phone"?: string | null,"campaign_id"?: string | null,"checked_recipient_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"id"?: string,"recipient_id"?: string | null
                  }
                  Update: {
                    "agent_user_id"?: string,"caller_phone"?: string | null,"campaign_id"?: string | null,"checked_recipient_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"id"?: string,"recipient_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "call_sessions_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "call_sessions_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "call_sessions_recipient_id_fkey"
      columns: ["recipient_id"]
isOneToOne: false
      referencedRelation: "campaign_recipients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "call_sessions_recipient_id_fkey"
      columns: ["recipient_id"]
isOneToOne: false
      referencedRelation: "recipients"
      referencedColumns: ["id"]
    }
                  ]
                },"campaign_conditions": {
                  Row: {
                    "brand_id": string | null,"campaign_id": string,"card_value": number | null,"client_id": string,"condition_name": string,"condition_number": number,"created_at": string,"crm_event_match": Json | null,"crm_event_name": string | null,"id": string,"is_self_service": boolean,"requires_opt_in": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "brand_id"?: string | null,"campaign_id": string,"card_value"?: number | null,"client_id": string,"condition_name": string,"condition_number": number,"created_at"?: string,"crm_event_match"?: Json | null,"crm_event_name"?: string | null,"id"?: string,"is_self_service"?: boolean,"requires_opt_in"?: boolean
                  }
                  Update: {
                    "brand_id"?: string | null,"campaign_id"?: string,"card_value"?: number | null,"client_id"?: string,"condition_name"?: string,"condition_number"?: number,"created_at"?: string,"crm_event_match"?: Json | null,"crm_event_name"?: string | null,"id"?: string,"is_self_service"?: boolean,"requires_opt_in"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "campaign_conditions_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "campaign_conditions_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    }
                  ]
                },"campaign_recipients": {
                  Row: {
                    "campaign_id": string,"client_id": string,"code_last4": string | null,"country": string | null,"created_at": string,"email": string | null,"external_crm_id": string | null,"first_name": string | null,"id": string,"last_name": string | null,"phone": string | null,"sms_opted_in_at": string | null,"state": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "campaign_id": string,"client_id": string,"code_last4"?: string | null,"country"?: string | null,"created_at"?: string,"email"?: string | null,"external_crm_id"?: string | null,"first_name"?: string | null,"id"?: string,"last_name"?: string | null,"phone"?: string | null,"sms_opted_in_at"?: string | null,"state"?: string | null
                  }
                  Update: {
                    "campaign_id"?: string,"client_id"?: string,"code_last4"?: string | null,"country"?: string | null,"created_at"?: string,"email"?: string | null,"external_crm_id"?: string | null,"first_name"?: string | null,"id"?: string,"last_name"?: string | null,"phone"?: string | null,"sms_opted_in_at"?: string | null,"state"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "recipients_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    }
                  ]
                },"campaigns": {
                  Row: {
                    "billing_entity": string | null,"campaign_name": string,"client_id": string,"created_at": string,"currency": string,"email_subject": string | null,"email_template": string | null,"id": string,"requires_claim_link": boolean,"sms_encoding": string | null,"sms_segments": number | null,"sms_template": string | null,"status": string
                  }
                  ComputedFields: never
                  Insert: {
                    "billing_entity"?: string | null,"campaign_name": string,"client_id": string,"created_at"?: string,"currency"?: string,"email_subject"?: string | null,"email_template"?: string | null,"id"?: string,"requires_claim_link"?: boolean,"sms_encoding"?: string | null,"sms_segments"?: number | null,"sms_template"?: string | null,"status"?: string
                  }
                  Update: {
                    "billing_entity"?: string | null,"campaign_name"?: string,"client_id"?: string,"created_at"?: string,"currency"?: string,"email_subject"?: string | null,"email_template"?: string | null,"id"?: string,"requires_claim_link"?: boolean,"sms_encoding"?: string | null,"sms_segments"?: number | null,"sms_template"?: string | null,"status"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "campaigns_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"card_pools": {
                  Row: {
                    "archived_at": string | null,"available_cards": number,"brand_id": string,"campaign_id": string | null,"cancelled_cards": number,"claimed_cards": number,"client_cost_per_card": number | null,"client_id": string | null,"cost_per_card": number,"created_at": string,"currency": string,"delivered_cards": number,"denomination": number,"expired_cards": number,"expiring_cards": number,"folded_before": unknown,"id": string,"is_active": boolean,"pool_name": string,"pool_type": string,"received_cards": number,"redeemed_cards": number,"stock_owner": string,"stuck_cards": number,"supplier_id": string | null,"total_cards": number
                  }
                  ComputedFields: never
                  Insert: {
                    "archived_at"?: string | null,"available_cards"?: number,"brand_id": string,"campaign_id"?: string | null,"cancelled_cards"?: number,"claimed_cards"?: number,"client_cost_per_card"?: number | null,"client_id"?: string | null,"cost_per_card": number,"created_at"?: string,"currency"?: string,"delivered_cards"?: number,"denomination": number,"expired_cards"?: number,"expiring_cards"?: number,"folded_before"?: unknown,"id"?: string,"is_active"?: boolean,"pool_name": string,"pool_type"?: string,"received_cards"?: number,"redeemed_cards"?: number,"stock_owner"?: string,"stuck_cards"?: number,"supplier_id"?: string | null,"total_cards"?: number
                  }
                  Update: {
                    "archived_at"?: string | null,"available_cards"?: number,"brand_id"?: string,"campaign_id"?: string | null,"cancelled_cards"?: number,"claimed_cards"?: number,"client_cost_per_card"?: number | null,"client_id"?: string | null,"cost_per_card"?: number,"created_at"?: string,"currency"?: string,"delivered_cards"?: number,"denomination"?: number,"expired_cards"?: number,"expiring_cards"?: number,"folded_before"?: unknown,"id"?: string,"is_active"?: boolean,"pool_name"?: string,"pool_type"?: string,"received_cards"?: number,"redeemed_cards"?: number,"stock_owner"?: string,"stuck_cards"?: number,"supplier_id"?: string | null,"total_cards"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "card_pools_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "card_pools_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "card_pools_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "card_pools_supplier_id_fkey"
      columns: ["supplier_id"]
isOneToOne: false
      referencedRelation: "gift_card_suppliers"
      referencedColumns: ["id"]
    }
                  ]
                },"claim_links": {
                  Row: {
                    "client_id": string,"created_at": string,"delivery_id": string,"device": string | null,"expires_at": string,"gift_card_id": string,"id": string,"is_required": boolean,"replaced_at": string | null,"revealed_at": string | null,"reveals": number
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id": string,"created_at"?: string,"delivery_id": string,"device"?: string | null,"expires_at": string,"gift_card_id": string,"id"?: string,"is_required": boolean,"replaced_at"?: string | null,"revealed_at"?: string | null,"reveals"?: number
                  }
                  Update: {
                    "client_id"?: string,"created_at"?: string,"delivery_id"?: string,"device"?: string | null,"expires_at"?: string,"gift_card_id"?: string,"id"?: string,"is_required"?: boolean,"replaced_at"?: string | null,"revealed_at"?: string | null,"reveals"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "claim_links_delivery_id_fkey"
      columns: ["delivery_id"]
isOneToOne: true
      referencedRelation: "deliveries"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "claim_links_delivery_id_fkey"
      columns: ["delivery_id"]
isOneToOne: true
      referencedRelation: "email_delivery_log"
      referencedColumns: ["delivery_id"]
    },{
      foreignKeyName: "claim_links_delivery_id_fkey"
      columns: ["delivery_id"]
isOneToOne: true
      referencedRelation: "sms_delivery_log"
      referencedColumns: ["delivery_id"]
    },{
      foreignKeyName: "claim_links_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_card_inventory"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "claim_links_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_cards"
      referencedColumns: ["id"]
    }
                  ]
                },"client_brands": {
                  Row: {
                    "brand_id": string,"client_id": string,"id": string,"is_enabled": boolean,"may_use_master_pool": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "brand_id": string,"client_id": string,"id"?: string,"is_enabled"?: boolean,"may_use_master_pool"?: boolean
                  }
                  Update: {
                    "brand_id"?: string,"client_id"?: string,"id"?: string,"is_enabled"?: boolean,"may_use_master_pool"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "client_brands_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "client_brands_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"client_denominations": {
                  Row: {
                    "brand_id": string,"client_id": string,"currency": string,"custom_price": number | null,"denomination": number,"id": string,"is_enabled": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "brand_id": string,"client_id": string,"currency": string,"custom_price"?: number | null,"denomination": number,"id"?: string,"is_enabled"?: boolean
                  }
                  Update: {
                    "brand_id"?: string,"client_id"?: string,"currency"?: string,"custom_price"?: number | null,"denomination"?: number,"id"?: string,"is_enabled"?: boolean
                  }
                  Relationships: [
                    {
      foreignKeyName: "client_denominations_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "client_denominations_value_is_the_brands"
      columns: ["brand_id","denomination","currency"]
isOneToOne: false
      referencedRelation: "brand_denominations"
      referencedColumns: ["brand_id","denomination","currency"]
    }
                  ]
                },"clients": {
                  Row: {
                    "agency_id": string,"country": string,"created_at": string,"id": string,"is_active": boolean,"name": string,"prepaid_since": string | null,"requires_confirmation_code": boolean,"slug": string,"sms_countries": (string)[],"sms_daily_max": number,"time_zone": string
                  }
                  ComputedFields: never
                  Insert: {
                    "agency_id": string,"country"?: string,"created_at"?: string,"id"?: string,"is_active"?: boolean,"name": string,"prepaid_since"?: string | null,"requires_confirmation_code"?: boolean,"slug": string,"sms_countries"?: (string)[],"sms_daily_max"?: number,"time_zone"?: string
                  }
                  Update: {
                    "agency_id"?: string,"country"?: string,"created_at"?: string,"id"?: string,"is_active"?: boolean,"name"?: string,"prepaid_since"?: string | null,"requires_confirmation_code"?: boolean,"slug"?: string,"sms_countries"?: (string)[],"sms_daily_max"?: number,"time_zone"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "clients_agency_id_fkey"
      columns: ["agency_id"]
isOneToOne: false
      referencedRelation: "agencies"
      referencedColumns: ["id"]
    }
                  ]
                },"consents": {
                  Row: {
                    "action": string,"address": string,"channel": string,"client_id": string | null,"created_at": string,"id": number,"ip": unknown,"provider_message_id": string | null,"recipient_id": string | null,"recorded_by": string | null,"source": string,"wording": string | null,"wording_version": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "action": string,"address": string,"channel": string,"client_id"?: string | null,"created_at"?: string,"id"?: never,"ip"?: unknown,"provider_message_id"?: string | null,"recipient_id"?: string | null,"recorded_by"?: string | null,"source": string,"wording"?: string | null,"wording_version"?: string | null
                  }
                  Update: {
                    "action"?: string,"address"?: string,"channel"?: string,"client_id"?: string | null,"created_at"?: string,"id"?: never,"ip"?: unknown,"provider_message_id"?: string | null,"recipient_id"?: string | null,"recorded_by"?: string | null,"source"?: string,"wording"?: string | null,"wording_version"?: string | null
                  }
                  Relationships: [
                    
                  ]
                },"contact_opt_outs": {
                  Row: {
                    "address": string,"channel": string,"created_at": string,"id": string,"kind": string,"provider_message_id": string | null,"recorded_by": string | null,"said_at": string,"source": string,"wording": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "address": string,"channel": string,"created_at"?: string,"id"?: string,"kind"?: string,"provider_message_id"?: string | null,"recorded_by"?: string | null,"said_at"?: string,"source": string,"wording"?: string | null
                  }
                  Update: {
                    "address"?: string,"channel"?: string,"created_at"?: string,"id"?: string,"kind"?: string,"provider_message_id"?: string | null,"recorded_by"?: string | null,"said_at"?: string,"source"?: string,"wording"?: string | null
                  }
                  Relationships: [
                    
                  ]
                },"crm_endpoints": {
                  Row: {
                    "account_id": string | null,"campaign_id": string | null,"client_id": string,"created_at": string,"id": string,"is_active": boolean,"kind": string,"name": string
                  }
                  ComputedFields: never
                  Insert: {
                    "account_id"?: string | null,"campaign_id"?: string | null,"client_id": string,"created_at"?: string,"id"?: string,"is_active"?: boolean,"kind"?: string,"name": string
                  }
                  Update: {
                    "account_id"?: string | null,"campaign_id"?: string | null,"client_id"?: string,"created_at"?: string,"id"?: string,"is_active"?: boolean,"kind"?: string,"name"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "crm_endpoints_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "crm_endpoints_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"crm_events": {
                  Row: {
                    "account_named": string | null,"attempts": number,"campaign_id": string | null,"campaign_named": string | null,"client_id": string,"code": string | null,"condition_number": number | null,"contact_id": string | null,"created_at": string,"endpoint_id": string,"event_id": string,"event_names": (string)[],"event_type": string | null,"gift_card_id": string | null,"id": string,"is_erasure": boolean,"leased_until": string,"merged_ids": (string)[],"message": string | null,"negatives": (string)[],"payload": Json | null,"problem": string | null,"processed_at": string | null,"recipient_id": string | null,"request_id": string,"status": string
                  }
                  ComputedFields: never
                  Insert: {
                    "account_named"?: string | null,"attempts"?: number,"campaign_id"?: string | null,"campaign_named"?: string | null,"client_id": string,"code"?: string | null,"condition_number"?: number | null,"contact_id"?: string | null,"created_at"?: string,"endpoint_id": string,"event_id": string,"event_names": (string)[],"event_type"?: never,"gift_card_id"?: string | null,"id"?: string,"is_erasure"?: boolean,"leased_until"?: string,"merged_ids"?: (string)[],"message"?: string | null,"negatives"?: (string)[],"payload"?: Json | null,"problem"?: string | null,"processed_at"?: string | null,"recipient_id"?: string | null,"request_id": string,"status"?: string
                  }
                  Update: {
                    "account_named"?: string | null,"attempts"?: number,"campaign_id"?: string | null,"campaign_named"?: string | null,"client_id"?: string,"code"?: string | null,"condition_number"?: number | null,"contact_id"?: string | null,"created_at"?: string,"endpoint_id"?: string,"event_id"?: string,"event_names"?: (string)[],"event_type"?: never,"gift_card_id"?: string | null,"id"?: string,"is_erasure"?: boolean,"leased_until"?: string,"merged_ids"?: (string)[],"message"?: string | null,"negatives"?: (string)[],"payload"?: Json | null,"problem"?: string | null,"processed_at"?: string | null,"recipient_id"?: string | null,"request_id"?: string,"status"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "crm_events_endpoint_is_the_clients"
      columns: ["endpoint_id","client_id"]
isOneToOne: false
      referencedRelation: "crm_endpoints"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "crm_events_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_card_inventory"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "crm_events_gift_card_id_fkey"
      columns: ["gift_card_id"]
isOneToOne: false
      referencedRelation: "gift_cards"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "crm_events_recipient_id_fkey"
      columns: ["recipient_id"]
isOneToOne: false
      referencedRelation: "campaign_recipients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "crm_events_recipient_id_fkey"
      columns: ["recipient_id"]
isOneToOne: false
      referencedRelation: "recipients"
      referencedColumns: ["id"]
    }
                  ]
                },"customer_packages": {
                  Row: {
                    "cancel_reason": string | null,"cancelled_at": string | null,"client_id": string,"created_at": string,"expired_at": string | null,"expires_at": string,"id": string,"messages_limit": number,"messages_used": number,"package_id": string,"purchase_id": string | null,"starts_at": string,"status": string,"user_id": string,"voucher_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "cancel_reason"?: string | null,"cancelled_at"?: string | null,"client_id": string,"created_at"?: string,"expired_at"?: string | null,"expires_at": string,"id"?: string,"messages_limit": number,"messages_used"?: number,"package_id": string,"purchase_id"?: string | null,"starts_at"?: string,"status"?: string,"user_id": string,"voucher_id"?: string | null
                  }
                  Update: {
                    "cancel_reason"?: string | null,"cancelled_at"?: string | null,"client_id"?: string,"created_at"?: string,"expired_at"?: string | null,"expires_at"?: string,"id"?: string,"messages_limit"?: number,"messages_used"?: number,"package_id"?: string,"purchase_id"?: string | null,"starts_at"?: string,"status"?: string,"user_id"?: string,"voucher_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "customer_packages_are_of_the_client"
      columns: ["client_id","package_id"]
isOneToOne: false
      referencedRelation: "packages"
      referencedColumns: ["client_id","id"]
    },{
      foreignKeyName: "customer_packages_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "customer_packages_come_from_their_purchase"
      columns: ["purchase_id"]
isOneToOne: true
      referencedRelation: "package_purchases"
      referencedColumns: ["id"]
    }
                  ]
                },"deliveries": {
                  Row: {
                    "attempts": number,"attempts_max": number,"cancelled_at": string | null,"channel": string,"client_id": string,"created_at": string,"deliver_to": string,"delivered_at": string | null,"error_code": string | null,"error_message": string | null,"failed_at": string | null,"failure_kind": string | null,"id": string,"lease_token": string | null,"leased_until": string | null,"merge": NonNullable<Json>,"next_attempt_at": string,"notice": string | null,"provider": string | null,"provider_message_id": string | null,"provider_status": string | null,"recipient_id": string | null,"sent_at": string | null,"status": string,"subject_id": string,"topic": string
                  }
                  ComputedFields: never
                  Insert: {
                    "attempts"?: number,"attempts_max"?: number,"cancelled_at"?: string | null,"channel": string,"client_id": string,"created_at"?: string,"deliver_to": string,"delivered_at"?: string | null,"error_code"?: string | null,"error_message"?: string | null,"failed_at"?: string | null,"failure_kind"?: string | null,"id"?: string,"lease_token"?: string | null,"leased_until"?: string | null,"merge"?: NonNullable<Json>,"next_attempt_at"?: string,"notice"?: string | null,"provider"?: string | null,"provider_message_id"?: string | null,"provider_status"?: string | null,"recipient_id"?: string | null,"sent_at"?: string | null,"status"?: string,"subject_id": string,"topic": string
                  }
                  Update: {
                    "attempts"?: number,"attempts_max"?: number,"cancelled_at"?: string | null,"channel"?: string,"client_id"?: string,"created_at"?: string,"deliver_to"?: string,"delivered_at"?: string | null,"error_code"?: string | null,"error_message"?: string | null,"failed_at"?: string | null,"failure_kind"?: string | null,"id"?: string,"lease_token"?: string | null,"leased_until"?: string | null,"merge"?: NonNullable<Json>,"next_attempt_at"?: string,"notice"?: string | null,"provider"?: string | null,"provider_message_id"?: string | null,"provider_status"?: string | null,"recipient_id"?: string | null,"sent_at"?: string | null,"status"?: string,"subject_id"?: string,"topic"?: string
                  }
                  Relationships: [
                    
                  ]
                },"delivery_attempts": {
                  Row: {
                    "attempt_number": number,"client_id": string,"created_at": string,"delivery_id": string,"error_code": string | null,"error_message": string | null,"finished_at": string | null,"id": string,"provider_message_id": string | null,"status": string
                  }
                  ComputedFields: never
                  Insert: {
                    "attempt_number": number,"client_id": string,"created_at"?: string,"delivery_id": string,"error_code"?: string | null,"error_message"?: string | null,"finished_at"?: string | null,"id"?: string,"provider_message_id"?: string | null,"status"?: string
                  }
                  Update: {
                    "attempt_number"?: number,"client_id"?: string,"created_at"?: string,"delivery_id"?: string,"error_code"?: string | null,"error_message"?: string | null,"finished_at"?: string | null,"id"?: string,"provider_message_id"?: string | null,"status"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "delivery_attempts_delivery_id_fkey"
      columns: ["delivery_id"]
isOneToOne: false
      referencedRelation: "deliveries"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "delivery_attempts_delivery_id_fkey"
      columns: ["delivery_id"]
isOneToOne: false
      referencedRelation: "email_delivery_log"
      referencedColumns: ["delivery_id"]
    },{
      foreignKeyName: "delivery_attempts_delivery_id_fkey"
      columns: ["delivery_id"]
isOneToOne: false
      referencedRelation: "sms_delivery_log"
      referencedColumns: ["delivery_id"]
    }
                  ]
                },"gift_card_brands": {
                  Row: {
                    "brand_name": string,"card_format": string,"code_case_matters": boolean,"code_format": string | null,"created_at": string,"expiration_policy": string | null,"id": string,"is_enabled": boolean,"logo_url": string | null,"minimum_validity": string | null,"name": string,"redemption_url": string | null,"requires_claim_link": boolean,"terms_url": string | null,"valid_days": number | null
                  }
                  ComputedFields: never
                  Insert: {
                    "brand_name"?: never,"card_format"?: string,"code_case_matters"?: boolean,"code_format"?: string | null,"created_at"?: string,"expiration_policy"?: string | null,"id"?: string,"is_enabled"?: boolean,"logo_url"?: string | null,"minimum_validity"?: string | null,"name": string,"redemption_url"?: string | null,"requires_claim_link"?: boolean,"terms_url"?: string | null,"valid_days"?: number | null
                  }
                  Update: {
                    "brand_name"?: never,"card_format"?: string,"code_case_matters"?: boolean,"code_format"?: string | null,"created_at"?: string,"expiration_policy"?: string | null,"id"?: string,"is_enabled"?: boolean,"logo_url"?: string | null,"minimum_validity"?: string | null,"name"?: string,"redemption_url"?: string | null,"requires_claim_link"?: boolean,"terms_url"?: string | null,"valid_days"?: number | null
                  }
                  Relationships: [
                    
                  ]
                },"gift_card_grants": {
                  Row: {
                    "campaign_id": string,"cancelled_at": string | null,"client_id": string,"condition_number": number,"created_at": string,"granted_by": string | null,"id": string,"recipient_id": string,"surface": string
                  }
                  ComputedFields: never
                  Insert: {
                    "campaign_id": string,"cancelled_at"?: string | null,"client_id": string,"condition_number": number,"created_at"?: string,"granted_by"?: string | null,"id"?: string,"recipient_id": string,"surface": string
                  }
                  Update: {
                    "campaign_id"?: string,"cancelled_at"?: string | null,"client_id"?: string,"condition_number"?: number,"created_at"?: string,"granted_by"?: string | null,"id"?: string,"recipient_id"?: string,"surface"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "gift_card_grants_recipient_is_the_campaigns"
      columns: ["recipient_id","campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaign_recipients"
      referencedColumns: ["id","campaign_id","client_id"]
    },{
      foreignKeyName: "gift_card_grants_recipient_is_the_campaigns"
      columns: ["recipient_id","campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "recipients"
      referencedColumns: ["id","campaign_id","client_id"]
    }
                  ]
                },"gift_card_purchases": {
                  Row: {
                    "attempts": number,"brand_code": string,"brand_id": string,"campaign_id": string,"client_id": string,"client_request_id": string,"created_at": string,"currency": string,"delivery_method": string,"denomination": number,"ended_at": string | null,"gift_card_id": string,"grant_id": string,"id": string,"is_async": boolean,"lease_token": string | null,"leased_until": string | null,"next_attempt_at": string,"recipient_id": string,"reopened_at": string | null,"sector": string | null,"status": string,"supplier_code": string | null,"supplier_id": string,"supplier_message": string | null,"supplier_reference": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "attempts"?: number,"brand_code": string,"brand_id": string,"campaign_id": string,"client_id": string,"client_request_id": string,"created_at"?: string,"currency": string,"delivery_method": string,"denomination": number,"ended_at"?: string | null,"gift_card_id"?: string,"grant_id": string,"id"?: string,"is_async": boolean,"lease_token"?: string | null,"leased_until"?: string | null,"next_attempt_at"?: string,"recipient_id": string,"reopened_at"?: string | null,"sector"?: string | null,"status"?: string,"supplier_code"?: string | null,"supplier_id": string,"supplier_message"?: string | null,"supplier_reference"?: string | null
                  }
                  Update: {
                    "attempts"?: number,"brand_code"?: string,"brand_id"?: string,"campaign_id"?: string,"client_id"?: string,"client_request_id"?: string,"created_at"?: string,"currency"?: string,"delivery_method"?: string,"denomination"?: number,"ended_at"?: string | null,"gift_card_id"?: string,"grant_id"?: string,"id"?: string,"is_async"?: boolean,"lease_token"?: string | null,"leased_until"?: string | null,"next_attempt_at"?: string,"recipient_id"?: string,"reopened_at"?: string | null,"sector"?: string | null,"status"?: string,"supplier_code"?: string | null,"supplier_id"?: string,"supplier_message"?: string | null,"supplier_reference"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "gift_card_purchases_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "gift_card_purchases_grant_id_fkey"
      columns: ["grant_id"]
isOneToOne: false
      referencedRelation: "gift_card_grants"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "gift_card_purchases_supplier_id_fkey"
      columns: ["supplier_id"]
isOneToOne: false
      referencedRelation: "gift_card_suppliers"
      referencedColumns: ["id"]
    }
                  ]
                },"gift_card_suppliers": {
                  Row: {
                    "adapter": string,"created_at": string,"failures": number,"id": string,"is_enabled": boolean,"name": string,"paused_until": string | null,"priority": number,"requests_per_minute": number
                  }
                  ComputedFields: never
                  Insert: {
                    "adapter"?: string,"created_at"?: string,"failures"?: number,"id"?: string,"is_enabled"?: boolean,"name": string,"paused_until"?: string | null,"priority"?: number,"requests_per_minute"?: number
                  }
                  Update: {
                    "adapter"?: string,"created_at"?: string,"failures"?: number,"id"?: string,"is_enabled"?: boolean,"name"?: string,"paused_until"?: string | null,"priority"?: number,"requests_per_minute"?: number
                  }
                  Relationships: [
                    
                  ]
                },"gift_cards": {
                  Row: {
                    "cancelled_at": string | null,"claimed_at": string | null,"client_id": string | null,"code_last4": string,"counted_as": string,"created_at": string,"delivered_at": string | null,"delivery_method": string | null,"expired_at": string | null,"expires_at": string | null,"exposed_at": string | null,"grant_id": string | null,"id": string,"lot_id": string,"pool_id": string,"recipient_id": string | null,"redeemed_at": string | null,"serial_number": string | null,"status": string,"stuck_at": string | null,"was_received": boolean
                  }
                  ComputedFields: never
                  Insert: {
                    "cancelled_at"?: string | null,"claimed_at"?: string | null,"client_id"?: string | null,"code_last4": string,"counted_as"?: never,"created_at"?: string,"delivered_at"?: string | null,"delivery_method"?: string | null,"expired_at"?: string | null,"expires_at"?: string | null,"exposed_at"?: string | null,"grant_id"?: string | null,"id"?: string,"lot_id": string,"pool_id": string,"recipient_id"?: string | null,"redeemed_at"?: string | null,"serial_number"?: string | null,"status"?: string,"stuck_at"?: string | null,"was_received"?: never
                  }
                  Update: {
                    "cancelled_at"?: string | null,"claimed_at"?: string | null,"client_id"?: string | null,"code_last4"?: string,"counted_as"?: never,"created_at"?: string,"delivered_at"?: string | null,"delivery_method"?: string | null,"expired_at"?: string | null,"expires_at"?: string | null,"exposed_at"?: string | null,"grant_id"?: string | null,"id"?: string,"lot_id"?: string,"pool_id"?: string,"recipient_id"?: string | null,"redeemed_at"?: string | null,"serial_number"?: string | null,"status"?: string,"stuck_at"?: string | null,"was_received"?: never
                  }
                  Relationships: [
                    {
      foreignKeyName: "gift_cards_grant_id_fkey"
      columns: ["grant_id"]
isOneToOne: true
      referencedRelation: "gift_card_grants"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "gift_cards_recipient_id_fkey"
      columns: ["recipient_id"]
isOneToOne: false
      referencedRelation: "campaign_recipients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "gift_cards_recipient_id_fkey"
      columns: ["recipient_id"]
isOneToOne: false
      referencedRelation: "recipients"
      referencedColumns: ["id"]
    }
                  ]
                },"import_rows": {
                  Row: {
                    "chunk": number,"client_id": string | null,"import_id": string,"line": number | null,"outcome": string,"problems": NonNullable<Json>,"row_number": number,"subject_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "chunk": number,"client_id"?: string | null,"import_id": string,"line"?: number | null,"outcome": string,"problems"?: NonNullable<Json>,"row_number": number,"subject_id"?: string | null
                  }
                  Update: {
                    "chunk"?: number,"client_id"?: string | null,"import_id"?: string,"line"?: number | null,"outcome"?: string,"problems"?: NonNullable<Json>,"row_number"?: number,"subject_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "import_rows_import_id_fkey"
      columns: ["import_id"]
isOneToOne: false
      referencedRelation: "imports"
      referencedColumns: ["id"]
    }
                  ]
                },"imports": {
                  Row: {
                    "accepted_count": number,"actor_id": string | null,"chunk_count": number,"client_id": string | null,"delimiter": string | null,"encoding": string | null,"ended_at": string | null,"expected_rows": number | null,"file_hash": string,"file_name": string | null,"header": (string)[] | null,"id": string,"kind": string,"known_count": number,"mapping": Json | null,"refused_count": number,"repeats": string | null,"row_count": number,"started_at": string,"status": string,"subject_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "accepted_count"?: number,"actor_id"?: string | null,"chunk_count"?: number,"client_id"?: string | null,"delimiter"?: string | null,"encoding"?: string | null,"ended_at"?: string | null,"expected_rows"?: number | null,"file_hash": string,"file_name"?: string | null,"header"?: (string)[] | null,"id"?: string,"kind": string,"known_count"?: number,"mapping"?: Json | null,"refused_count"?: number,"repeats"?: string | null,"row_count"?: number,"started_at"?: string,"status"?: string,"subject_id": string
                  }
                  Update: {
                    "accepted_count"?: number,"actor_id"?: string | null,"chunk_count"?: number,"client_id"?: string | null,"delimiter"?: string | null,"encoding"?: string | null,"ended_at"?: string | null,"expected_rows"?: number | null,"file_hash"?: string,"file_name"?: string | null,"header"?: (string)[] | null,"id"?: string,"kind"?: string,"known_count"?: number,"mapping"?: Json | null,"refused_count"?: number,"repeats"?: string | null,"row_count"?: number,"started_at"?: string,"status"?: string,"subject_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "imports_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "imports_repeats_fkey"
      columns: ["repeats"]
isOneToOne: false
      referencedRelation: "imports"
      referencedColumns: ["id"]
    }
                  ]
                },"inbound_messages": {
                  Row: {
                    "answer": string | null,"body": string,"client_id": string | null,"created_at": string,"id": string,"meaning": string,"media_count": number,"phone": string,"provider_message_id": string,"recipient_id": string | null,"review": string | null,"review_note": string | null,"reviewed_at": string | null,"reviewed_by": string | null,"sent_by": string,"sent_to": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "answer"?: string | null,"body": string,"client_id"?: string | null,"created_at"?: string,"id"?: string,"meaning": string,"media_count"?: number,"phone": string,"provider_message_id": string,"recipient_id"?: string | null,"review"?: string | null,"review_note"?: string | null,"reviewed_at"?: string | null,"reviewed_by"?: string | null,"sent_by"?: string,"sent_to"?: string | null
                  }
                  Update: {
                    "answer"?: string | null,"body"?: string,"client_id"?: string | null,"created_at"?: string,"id"?: string,"meaning"?: string,"media_count"?: number,"phone"?: string,"provider_message_id"?: string,"recipient_id"?: string | null,"review"?: string | null,"review_note"?: string | null,"reviewed_at"?: string | null,"reviewed_by"?: string | null,"sent_by"?: string,"sent_to"?: string | null
                  }
                  Relationships: [
                    
                  ]
                },"ledger_accounts": {
                  Row: {
                    "asset": string,"balance": number | null,"client_id": string | null,"created_at": string,"held": number | null,"id": string,"kind": string,"owner_id": string | null,"owner_type": string | null,"version": number
                  }
                  ComputedFields: never
                  Insert: {
                    "asset": string,"balance"?: number | null,"client_id"?: string | null,"created_at"?: string,"held"?: number | null,"id"?: string,"kind"?: string,"owner_id"?: string | null,"owner_type"?: string | null,"version"?: number
                  }
                  Update: {
                    "asset"?: string,"balance"?: number | null,"client_id"?: string | null,"created_at"?: string,"held"?: number | null,"id"?: string,"kind"?: string,"owner_id"?: string | null,"owner_type"?: string | null,"version"?: number
                  }
                  Relationships: [
                    {
      foreignKeyName: "ledger_accounts_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"ledger_entries": {
                  Row: {
                    "account_id": string,"amount": number,"asset": string,"balance_after": number | null,"client_id": string | null,"created_at": string,"id": number,"transfer_id": string,"version": number | null
                  }
                  ComputedFields: never
                  Insert: {
                    "account_id": string,"amount": number,"asset": string,"balance_after"?: number | null,"client_id"?: string | null,"created_at": string,"id"?: never,"transfer_id": string,"version"?: number | null
                  }
                  Update: {
                    "account_id"?: string,"amount"?: number,"asset"?: string,"balance_after"?: number | null,"client_id"?: string | null,"created_at"?: string,"id"?: never,"transfer_id"?: string,"version"?: number | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "ledger_entries_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "bizpoints_transactions"
      referencedColumns: ["transfer_id"]
    },{
      foreignKeyName: "ledger_entries_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "ledger_transfers"
      referencedColumns: ["id"]
    }
                  ]
                },"ledger_holds": {
                  Row: {
                    "account_id": string,"amount": number,"captured_amount": number | null,"captured_at": string | null,"client_id": string | null,"created_at": string,"expires_at": string,"id": string,"idempotency_key": string,"reference_id": string | null,"released_at": string | null,"status": string,"transfer_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "account_id": string,"amount": number,"captured_amount"?: number | null,"captured_at"?: string | null,"client_id"?: string | null,"created_at"?: string,"expires_at": string,"id"?: string,"idempotency_key": string,"reference_id"?: string | null,"released_at"?: string | null,"status"?: string,"transfer_id"?: string | null
                  }
                  Update: {
                    "account_id"?: string,"amount"?: number,"captured_amount"?: number | null,"captured_at"?: string | null,"client_id"?: string | null,"created_at"?: string,"expires_at"?: string,"id"?: string,"idempotency_key"?: string,"reference_id"?: string | null,"released_at"?: string | null,"status"?: string,"transfer_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "ledger_holds_account_id_fkey"
      columns: ["account_id"]
isOneToOne: false
      referencedRelation: "ledger_accounts"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "ledger_holds_account_id_fkey"
      columns: ["account_id"]
isOneToOne: false
      referencedRelation: "wallet_balances"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "ledger_holds_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "bizpoints_transactions"
      referencedColumns: ["transfer_id"]
    },{
      foreignKeyName: "ledger_holds_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "ledger_transfers"
      referencedColumns: ["id"]
    }
                  ]
                },"ledger_lots": {
                  Row: {
                    "account_id": string,"amount": number,"client_id": string | null,"created_at": string,"expires_at": string | null,"held": number,"id": number,"remaining": number,"spent_at": string | null,"transfer_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "account_id": string,"amount": number,"client_id"?: string | null,"created_at": string,"expires_at"?: string | null,"held"?: number,"id"?: never,"remaining": number,"spent_at"?: string | null,"transfer_id": string
                  }
                  Update: {
                    "account_id"?: string,"amount"?: number,"client_id"?: string | null,"created_at"?: string,"expires_at"?: string | null,"held"?: number,"id"?: never,"remaining"?: number,"spent_at"?: string | null,"transfer_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "ledger_lots_come_from_an_entry"
      columns: ["transfer_id","account_id"]
isOneToOne: false
      referencedRelation: "ledger_entries"
      referencedColumns: ["transfer_id","account_id"]
    }
                  ]
                },"ledger_transfers": {
                  Row: {
                    "client_id": string | null,"created_at": string,"description": string | null,"id": string,"idempotency_key": string,"reference_id": string | null,"reverses": string | null,"transfer_type": string
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id"?: string | null,"created_at"?: string,"description"?: string | null,"id"?: string,"idempotency_key": string,"reference_id"?: string | null,"reverses"?: string | null,"transfer_type": string
                  }
                  Update: {
                    "client_id"?: string | null,"created_at"?: string,"description"?: string | null,"id"?: string,"idempotency_key"?: string,"reference_id"?: string | null,"reverses"?: string | null,"transfer_type"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "ledger_transfers_reverses_fkey"
      columns: ["reverses"]
isOneToOne: false
      referencedRelation: "bizpoints_transactions"
      referencedColumns: ["transfer_id"]
    },{
      foreignKeyName: "ledger_transfers_reverses_fkey"
      columns: ["reverses"]
isOneToOne: false
      referencedRelation: "ledger_transfers"
      referencedColumns: ["id"]
    }
                  ]
                },"memberships": {
                  Row: {
                    "agency_id": string | null,"client_id": string | null,"created_at": string,"dealer_id": string | null,"id": string,"role": string,"suspended_at": string | null,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "agency_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"dealer_id"?: string | null,"id"?: string,"role": string,"suspended_at"?: string | null,"user_id": string
                  }
                  Update: {
                    "agency_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"dealer_id"?: string | null,"id"?: string,"role"?: string,"suspended_at"?: string | null,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "memberships_agency_id_fkey"
      columns: ["agency_id"]
isOneToOne: false
      referencedRelation: "agencies"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "memberships_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"package_purchases": {
                  Row: {
                    "bizcoin_amount": number,"bizcoins": number,"cancel_requested_at": string | null,"cancelled_at": string | null,"client_id": string,"completed_at": string | null,"created_at": string,"currency": string,"discount": number,"entitlement_id": string | null,"expired_at": string | null,"expires_at": string,"failed_at": string | null,"final_amount": number,"hold_id": string | null,"id": string,"is_live": boolean,"next_check_at": string,"package_id": string,"payment_error": string | null,"payment_intent_id": string | null,"payment_status": string | null,"price": number,"refunded_at": string | null,"refunded_bizcoins": number,"refunded_payment": number,"request_id": string | null,"run_amount": number | null,"run_bizcoins": number | null,"run_payment": number | null,"status": string,"user_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "bizcoin_amount"?: number,"bizcoins"?: number,"cancel_requested_at"?: string | null,"cancelled_at"?: string | null,"client_id": string,"completed_at"?: string | null,"created_at"?: string,"currency": string,"discount"?: number,"entitlement_id"?: string | null,"expired_at"?: string | null,"expires_at"?: string,"failed_at"?: string | null,"final_amount"?: never,"hold_id"?: string | null,"id"?: string,"is_live"?: boolean,"next_check_at"?: string,"package_id": string,"payment_error"?: string | null,"payment_intent_id"?: string | null,"payment_status"?: string | null,"price": number,"refunded_at"?: string | null,"refunded_bizcoins"?: number,"refunded_payment"?: number,"request_id"?: string | null,"run_amount"?: number | null,"run_bizcoins"?: number | null,"run_payment"?: number | null,"status"?: string,"user_id": string
                  }
                  Update: {
                    "bizcoin_amount"?: number,"bizcoins"?: number,"cancel_requested_at"?: string | null,"cancelled_at"?: string | null,"client_id"?: string,"completed_at"?: string | null,"created_at"?: string,"currency"?: string,"discount"?: number,"entitlement_id"?: string | null,"expired_at"?: string | null,"expires_at"?: string,"failed_at"?: string | null,"final_amount"?: never,"hold_id"?: string | null,"id"?: string,"is_live"?: boolean,"next_check_at"?: string,"package_id"?: string,"payment_error"?: string | null,"payment_intent_id"?: string | null,"payment_status"?: string | null,"price"?: number,"refunded_at"?: string | null,"refunded_bizcoins"?: number,"refunded_payment"?: number,"request_id"?: string | null,"run_amount"?: number | null,"run_bizcoins"?: number | null,"run_payment"?: number | null,"status"?: string,"user_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "package_purchases_are_of_the_client"
      columns: ["client_id","package_id"]
isOneToOne: false
      referencedRelation: "packages"
      referencedColumns: ["client_id","id"]
    },{
      foreignKeyName: "package_purchases_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "package_purchases_hold_id_fkey"
      columns: ["hold_id"]
isOneToOne: false
      referencedRelation: "ledger_holds"
      referencedColumns: ["id"]
    }
                  ]
                },"package_refunds": {
                  Row: {
                    "actor_id": string | null,"attempts": number,"bizcoins": number,"client_id": string,"completed_at": string | null,"created_at": string,"currency": string,"error": string | null,"failed_at": string | null,"id": string,"next_attempt_at": string,"payment_amount": number,"provider_refund_id": string | null,"purchase_id": string,"reason": string | null,"status": string,"transfer_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "actor_id"?: string | null,"attempts"?: number,"bizcoins"?: number,"client_id": string,"completed_at"?: string | null,"created_at"?: string,"currency": string,"error"?: string | null,"failed_at"?: string | null,"id"?: string,"next_attempt_at"?: string,"payment_amount"?: number,"provider_refund_id"?: string | null,"purchase_id": string,"reason"?: string | null,"status"?: string,"transfer_id"?: string | null
                  }
                  Update: {
                    "actor_id"?: string | null,"attempts"?: number,"bizcoins"?: number,"client_id"?: string,"completed_at"?: string | null,"created_at"?: string,"currency"?: string,"error"?: string | null,"failed_at"?: string | null,"id"?: string,"next_attempt_at"?: string,"payment_amount"?: number,"provider_refund_id"?: string | null,"purchase_id"?: string,"reason"?: string | null,"status"?: string,"transfer_id"?: string | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "package_refunds_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "package_refunds_purchase_id_fkey"
      columns: ["purchase_id"]
isOneToOne: false
      referencedRelation: "package_purchases"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "package_refunds_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "bizpoints_transactions"
      referencedColumns: ["transfer_id"]
    },{
      foreignKeyName: "package_refunds_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "ledger_transfers"
      referencedColumns: ["id"]
    }
                  ]
                },"packages": {
                  Row: {
                    "archived_at": string | null,"bizcoin_value": number,"client_id": string,"created_at": string,"created_by": string | null,"currency": string,"description": string | null,"duration_days": number,"id": string,"is_active": boolean,"messages": number,"name": string,"price": number,"updated_at": string
                  }
                  ComputedFields: never
                  Insert: {
                    "archived_at"?: string | null,"bizcoin_value"?: number,"client_id": string,"created_at"?: string,"created_by"?: string | null,"currency"?: string,"description"?: string | null,"duration_days": number,"id"?: string,"is_active"?: boolean,"messages"?: number,"name": string,"price": number,"updated_at"?: string
                  }
                  Update: {
                    "archived_at"?: string | null,"bizcoin_value"?: number,"client_id"?: string,"created_at"?: string,"created_by"?: string | null,"currency"?: string,"description"?: string | null,"duration_days"?: number,"id"?: string,"is_active"?: boolean,"messages"?: number,"name"?: string,"price"?: number,"updated_at"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "packages_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"pending_rewards": {
                  Row: {
                    "attempts": number,"brand_id": string | null,"campaign_id": string,"client_id": string,"code": string | null,"condition_number": number,"created_at": string,"currency": string,"deliver_to": string | null,"delivery_method": string | null,"denomination": number | null,"fulfilled_at": string | null,"id": string,"last_attempt_at": string | null,"next_attempt_at": string,"pool_id": string | null,"recipient_id": string,"requested_by": string | null,"skip_verification": boolean,"status": string,"surface": string
                  }
                  ComputedFields: never
                  Insert: {
                    "attempts"?: number,"brand_id"?: string | null,"campaign_id": string,"client_id": string,"code"?: string | null,"condition_number": number,"created_at"?: string,"currency": string,"deliver_to"?: string | null,"delivery_method"?: string | null,"denomination"?: number | null,"fulfilled_at"?: string | null,"id"?: string,"last_attempt_at"?: string | null,"next_attempt_at"?: string,"pool_id"?: string | null,"recipient_id": string,"requested_by"?: string | null,"skip_verification"?: boolean,"status"?: string,"surface": string
                  }
                  Update: {
                    "attempts"?: number,"brand_id"?: string | null,"campaign_id"?: string,"client_id"?: string,"code"?: string | null,"condition_number"?: number,"created_at"?: string,"currency"?: string,"deliver_to"?: string | null,"delivery_method"?: string | null,"denomination"?: number | null,"fulfilled_at"?: string | null,"id"?: string,"last_attempt_at"?: string | null,"next_attempt_at"?: string,"pool_id"?: string | null,"recipient_id"?: string,"requested_by"?: string | null,"skip_verification"?: boolean,"status"?: string,"surface"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "pending_rewards_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "pending_rewards_pool_id_fkey"
      columns: ["pool_id"]
isOneToOne: false
      referencedRelation: "active_gift_card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "pending_rewards_pool_id_fkey"
      columns: ["pool_id"]
isOneToOne: false
      referencedRelation: "card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "pending_rewards_pool_id_fkey"
      columns: ["pool_id"]
isOneToOne: false
      referencedRelation: "gift_card_pools"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "pending_rewards_recipient_is_the_campaigns"
      columns: ["recipient_id","campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaign_recipients"
      referencedColumns: ["id","campaign_id","client_id"]
    },{
      foreignKeyName: "pending_rewards_recipient_is_the_campaigns"
      columns: ["recipient_id","campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "recipients"
      referencedColumns: ["id","campaign_id","client_id"]
    }
                  ]
                },"provisioning_traces": {
                  Row: {
                    "campaign_id": string | null,"client_id": string | null,"created_at": string,"error_code": string | null,"error_message": string | null,"failed_step": string | null,"first_step": number,"id": number,"recipient_id": string | null,"request_id": string,"started_at": string,"step_ends": (string)[],"steps": (string)[],"tillo_code": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "campaign_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"error_code"?: string | null,"error_message"?: string | null,"failed_step"?: string | null,"first_step"?: number,"id"?: never,"recipient_id"?: string | null,"request_id": string,"started_at": string,"step_ends"?: (string)[],"steps"?: (string)[],"tillo_code"?: string | null
                  }
                  Update: {
                    "campaign_id"?: string | null,"client_id"?: string | null,"created_at"?: string,"error_code"?: string | null,"error_message"?: string | null,"failed_step"?: string | null,"first_step"?: number,"id"?: never,"recipient_id"?: string | null,"request_id"?: string,"started_at"?: string,"step_ends"?: (string)[],"steps"?: (string)[],"tillo_code"?: string | null
                  }
                  Relationships: [
                    
                  ]
                },"recipient_codes": {
                  Row: {
                    "campaign_id": string,"client_id": string,"created_at": string,"recipient_id": string,"redemption_code": string,"redemption_token": string
                  }
                  ComputedFields: never
                  Insert: {
                    "campaign_id": string,"client_id": string,"created_at"?: string,"recipient_id": string,"redemption_code"?: never,"redemption_token"?: string
                  }
                  Update: {
                    "campaign_id"?: string,"client_id"?: string,"created_at"?: string,"recipient_id"?: string,"redemption_code"?: never,"redemption_token"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "recipient_codes_recipient_is_the_campaigns"
      columns: ["recipient_id","campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaign_recipients"
      referencedColumns: ["id","campaign_id","client_id"]
    },{
      foreignKeyName: "recipient_codes_recipient_is_the_campaigns"
      columns: ["recipient_id","campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "recipients"
      referencedColumns: ["id","campaign_id","client_id"]
    }
                  ]
                },"redemption_attempts": {
                  Row: {
                    "client_id": string | null,"code": string | null,"code_fingerprint": string | null,"created_at": string,"id": number,"outcome": string,"request_id": string | null,"subject": string | null,"surface": string
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id"?: string | null,"code"?: string | null,"code_fingerprint"?: string | null,"created_at"?: string,"id"?: never,"outcome": string,"request_id"?: string | null,"subject"?: string | null,"surface": string
                  }
                  Update: {
                    "client_id"?: string | null,"code"?: string | null,"code_fingerprint"?: string | null,"created_at"?: string,"id"?: never,"outcome"?: string,"request_id"?: string | null,"subject"?: string | null,"surface"?: string
                  }
                  Relationships: [
                    
                  ]
                },"service_fees": {
                  Row: {
                    "agency_id": string | null,"client_id": string | null,"currency": string,"fee": number,"id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "agency_id"?: string | null,"client_id"?: string | null,"currency": string,"fee": number,"id"?: string
                  }
                  Update: {
                    "agency_id"?: string | null,"client_id"?: string | null,"currency"?: string,"fee"?: number,"id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "service_fees_agency_id_fkey"
      columns: ["agency_id"]
isOneToOne: false
      referencedRelation: "agencies"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "service_fees_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"supplier_brands": {
                  Row: {
                    "brand_code": string,"brand_id": string,"delivery_method": string,"id": string,"is_async": boolean,"is_enabled": boolean,"sector": string | null,"supplier_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "brand_code": string,"brand_id": string,"delivery_method"?: string,"id"?: string,"is_async"?: boolean,"is_enabled"?: boolean,"sector"?: string | null,"supplier_id": string
                  }
                  Update: {
                    "brand_code"?: string,"brand_id"?: string,"delivery_method"?: string,"id"?: string,"is_async"?: boolean,"is_enabled"?: boolean,"sector"?: string | null,"supplier_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "supplier_brands_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "supplier_brands_supplier_id_fkey"
      columns: ["supplier_id"]
isOneToOne: false
      referencedRelation: "gift_card_suppliers"
      referencedColumns: ["id"]
    }
                  ]
                },"system_alerts": {
                  Row: {
                    "alert_type": string,"client_id": string | null,"created_at": string,"id": string,"message": string,"metadata": NonNullable<Json>,"resolved_at": string | null,"severity": string,"subject": string
                  }
                  ComputedFields: never
                  Insert: {
                    "alert_type": string,"client_id"?: string | null,"created_at"?: string,"id"?: string,"message": string,"metadata"?: NonNullable<Json>,"resolved_at"?: string | null,"severity": string,"subject"?: string
                  }
                  Update: {
                    "alert_type"?: string,"client_id"?: string | null,"created_at"?: string,"id"?: string,"message"?: string,"metadata"?: NonNullable<Json>,"resolved_at"?: string | null,"severity"?: string,"subject"?: string
                  }
                  Relationships: [
                    
                  ]
                },"voucher_entitlements": {
                  Row: {
                    "cancelled_at": string | null,"client_id": string,"created_at": string,"discount_amount": number | null,"expired_at": string | null,"expires_at": string,"id": string,"minimum_purchase": number | null,"package_id": string | null,"percentage": number,"purchase_id": string | null,"status": string,"usage_id": string,"used_at": string | null,"user_id": string,"voucher_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "cancelled_at"?: string | null,"client_id": string,"created_at"?: string,"discount_amount"?: number | null,"expired_at"?: string | null,"expires_at": string,"id"?: string,"minimum_purchase"?: number | null,"package_id"?: string | null,"percentage": number,"purchase_id"?: string | null,"status"?: string,"usage_id": string,"used_at"?: string | null,"user_id": string,"voucher_id": string
                  }
                  Update: {
                    "cancelled_at"?: string | null,"client_id"?: string,"created_at"?: string,"discount_amount"?: number | null,"expired_at"?: string | null,"expires_at"?: string,"id"?: string,"minimum_purchase"?: number | null,"package_id"?: string | null,"percentage"?: number,"purchase_id"?: string | null,"status"?: string,"usage_id"?: string,"used_at"?: string | null,"user_id"?: string,"voucher_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "voucher_entitlements_are_of_the_vouchers_client"
      columns: ["client_id","voucher_id"]
isOneToOne: false
      referencedRelation: "voucher_overview"
      referencedColumns: ["client_id","id"]
    },{
      foreignKeyName: "voucher_entitlements_are_of_the_vouchers_client"
      columns: ["client_id","voucher_id"]
isOneToOne: false
      referencedRelation: "vouchers"
      referencedColumns: ["client_id","id"]
    },{
      foreignKeyName: "voucher_entitlements_usage_id_fkey"
      columns: ["usage_id"]
isOneToOne: true
      referencedRelation: "voucher_usage"
      referencedColumns: ["id"]
    }
                  ]
                },"voucher_usage": {
                  Row: {
                    "benefit": number,"client_id": string,"customer_package_id": string | null,"discount_amount": number | null,"id": string,"identities": (string)[],"notes": string | null,"owner_benefit": number | null,"owner_transfer_id": string | null,"redemption_type": string,"request_id": string | null,"rolled_back_at": string | null,"rolled_back_benefit": number | null,"rolled_back_owner_benefit": number | null,"status": string,"transfer_id": string | null,"used_at": string,"user_id": string,"voucher_id": string
                  }
                  ComputedFields: never
                  Insert: {
                    "benefit": number,"client_id": string,"customer_package_id"?: string | null,"discount_amount"?: number | null,"id"?: string,"identities": (string)[],"notes"?: string | null,"owner_benefit"?: number | null,"owner_transfer_id"?: string | null,"redemption_type": string,"request_id"?: string | null,"rolled_back_at"?: string | null,"rolled_back_benefit"?: number | null,"rolled_back_owner_benefit"?: number | null,"status"?: string,"transfer_id"?: string | null,"used_at"?: string,"user_id": string,"voucher_id": string
                  }
                  Update: {
                    "benefit"?: number,"client_id"?: string,"customer_package_id"?: string | null,"discount_amount"?: number | null,"id"?: string,"identities"?: (string)[],"notes"?: string | null,"owner_benefit"?: number | null,"owner_transfer_id"?: string | null,"redemption_type"?: string,"request_id"?: string | null,"rolled_back_at"?: string | null,"rolled_back_benefit"?: number | null,"rolled_back_owner_benefit"?: number | null,"status"?: string,"transfer_id"?: string | null,"used_at"?: string,"user_id"?: string,"voucher_id"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "voucher_usage_customer_package_id_fkey"
      columns: ["customer_package_id"]
isOneToOne: false
      referencedRelation: "customer_packages"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "voucher_usage_is_of_the_vouchers_client"
      columns: ["client_id","voucher_id"]
isOneToOne: false
      referencedRelation: "voucher_overview"
      referencedColumns: ["client_id","id"]
    },{
      foreignKeyName: "voucher_usage_is_of_the_vouchers_client"
      columns: ["client_id","voucher_id"]
isOneToOne: false
      referencedRelation: "vouchers"
      referencedColumns: ["client_id","id"]
    },{
      foreignKeyName: "voucher_usage_owner_transfer_id_fkey"
      columns: ["owner_transfer_id"]
isOneToOne: false
      referencedRelation: "bizpoints_transactions"
      referencedColumns: ["transfer_id"]
    },{
      foreignKeyName: "voucher_usage_owner_transfer_id_fkey"
      columns: ["owner_transfer_id"]
isOneToOne: false
      referencedRelation: "ledger_transfers"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "voucher_usage_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "bizpoints_transactions"
      referencedColumns: ["transfer_id"]
    },{
      foreignKeyName: "voucher_usage_transfer_id_fkey"
      columns: ["transfer_id"]
isOneToOne: false
      referencedRelation: "ledger_transfers"
      referencedColumns: ["id"]
    }
                  ]
                },"vouchers": {
                  Row: {
                    "allowed_customers": (string)[] | null,"allowed_domains": (string)[] | null,"batch_id": string | null,"canonical_code": string,"client_id": string,"code": string,"created_at": string,"created_by": string | null,"dealer_id": string | null,"description": string | null,"entitlement_days": number | null,"expires_at": string | null,"id": string,"is_active": boolean,"is_public": boolean,"minimum_purchase": number | null,"owner_benefit": number | null,"owner_id": string | null,"package_id": string | null,"per_customer_limit": number,"starts_at": string,"type": string,"usage_count": number,"usage_limit": number | null,"value": number | null
                  }
                  ComputedFields: never
                  Insert: {
                    "allowed_customers"?: (string)[] | null,"allowed_domains"?: (string)[] | null,"batch_id"?: string | null,"canonical_code"?: never,"client_id": string,"code": string,"created_at"?: string,"created_by"?: string | null,"dealer_id"?: string | null,"description"?: string | null,"entitlement_days"?: number | null,"expires_at"?: string | null,"id"?: string,"is_active"?: boolean,"is_public"?: boolean,"minimum_purchase"?: number | null,"owner_benefit"?: number | null,"owner_id"?: string | null,"package_id"?: string | null,"per_customer_limit"?: number,"starts_at"?: string,"type": string,"usage_count"?: number,"usage_limit"?: number | null,"value"?: number | null
                  }
                  Update: {
                    "allowed_customers"?: (string)[] | null,"allowed_domains"?: (string)[] | null,"batch_id"?: string | null,"canonical_code"?: never,"client_id"?: string,"code"?: string,"created_at"?: string,"created_by"?: string | null,"dealer_id"?: string | null,"description"?: string | null,"entitlement_days"?: number | null,"expires_at"?: string | null,"id"?: string,"is_active"?: boolean,"is_public"?: boolean,"minimum_purchase"?: number | null,"owner_benefit"?: number | null,"owner_id"?: string | null,"package_id"?: string | null,"per_customer_limit"?: number,"starts_at"?: string,"type"?: string,"usage_count"?: number,"usage_limit"?: number | null,"value"?: number | null
                  }
                  Relationships: [
                    {
      foreignKeyName: "vouchers_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "vouchers_package_is_of_the_client"
      columns: ["client_id","package_id"]
isOneToOne: false
      referencedRelation: "packages"
      referencedColumns: ["client_id","id"]
    }
                  ]
                },"webhook_attempts": {
                  Row: {
                    "attempt_number": number,"client_id": string,"created_at": string,"duration_ms": number | null,"error_code": string | null,"finished_at": string | null,"http_status": number | null,"id": string,"message_id": string,"status": string
                  }
                  ComputedFields: never
                  Insert: {
                    "attempt_number": number,"client_id": string,"created_at"?: string,"duration_ms"?: number | null,"error_code"?: string | null,"finished_at"?: string | null,"http_status"?: number | null,"id"?: string,"message_id": string,"status"?: string
                  }
                  Update: {
                    "attempt_number"?: number,"client_id"?: string,"created_at"?: string,"duration_ms"?: number | null,"error_code"?: string | null,"finished_at"?: string | null,"http_status"?: number | null,"id"?: string,"message_id"?: string,"status"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "webhook_attempts_message_id_fkey"
      columns: ["message_id"]
isOneToOne: false
      referencedRelation: "webhook_messages"
      referencedColumns: ["id"]
    }
                  ]
                },"webhook_endpoints": {
                  Row: {
                    "client_id": string,"consecutive_failures": number,"created_at": string,"description": string | null,"disabled_at": string | null,"disabled_reason": string | null,"events": (string)[],"id": string,"is_active": boolean,"last_success_at": string | null,"url": string
                  }
                  ComputedFields: never
                  Insert: {
                    "client_id": string,"consecutive_failures"?: number,"created_at"?: string,"description"?: string | null,"disabled_at"?: string | null,"disabled_reason"?: string | null,"events"?: (string)[],"id"?: string,"is_active"?: boolean,"last_success_at"?: string | null,"url": string
                  }
                  Update: {
                    "client_id"?: string,"consecutive_failures"?: number,"created_at"?: string,"description"?: string | null,"disabled_at"?: string | null,"disabled_reason"?: string | null,"events"?: (string)[],"id"?: string,"is_active"?: boolean,"last_success_at"?: string | null,"url"?: string
                  }
                  Relationships: [
                    {
      foreignKeyName: "webhook_endpoints_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"webhook_messages": {
                  Row: {
                    "attempts": number,"attempts_max": number,"client_id": string,"created_at": string,"data": NonNullable<Json>,"delivered_at": string | null,"endpoint_id": string,"error_code": string | null,"event_type": string,"failed_at": string | null,"id": string,"lease_token": string | null,"leased_until": string | null,"next_attempt_at": string,"request_id": string | null,"status": string,"subject_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                    "attempts"?: number,"attempts_max"?: number,"client_id": string,"created_at"?: string,"data": NonNullable<Json>,"delivered_at"?: string | null,"endpoint_id": string,"error_code"?: string | null,"event_type": string,"failed_at"?: string | null,"id"?: string,"lease_token"?: string | null,"leased_until"?: string | null,"next_attempt_at"?: string,"request_id"?: string | null,"status"?: string,"subject_id"?: string | null
                  }
                  Update: {
                    "attempts"?: number,"attempts_max"?: number,"client_id"?: string,"created_at"?: string,"data"?: NonNullable<Json>,"delivered_at"?: string | null,"endpoint_id"?: string,"error_code"?: string | null,"event_type"?: string,"failed_at"?: string | null,"id"?: string,"lease_token"?: string | null,"leased_until"?: string | null,"next_attempt_at"?: string,"request_id"?: string | null,"status"?: string,"subject_id"?: string | null
                  }
                  Relationships: [
                    
                  ]
                }
          }
          Views: {
            "active_gift_card_pools": {
                  Row: {
                    "archived_at": string | null,"available_cards": number | null,"brand_id": string,"campaign_id": string | null,"cancelled_cards": number | null,"claimed_cards": number | null,"client_cost_per_card": number | null,"client_id": string | null,"cost_per_card": number | null,"created_at": string,"currency": string,"delivered_cards": number | null,"denomination": number,"expired_cards": number | null,"expiring_cards": number | null,"id": string,"is_active": boolean,"pool_name": string,"pool_type": string,"redeemed_cards": number | null,"stock_owner": string,"stuck_cards": number | null,"total_cards": number | null,"utilization_rate": number | null
                  }
                  ComputedFields: never
                  Insert: {
                           "archived_at"?: string | null,"available_cards"?: number | null,"brand_id"?: string | null,"campaign_id"?: string | null,"cancelled_cards"?: number | null,"claimed_cards"?: number | null,"client_cost_per_card"?: number | null,"client_id"?: string | null,"cost_per_card"?: number | null,"created_at"?: string | null,"currency"?: string | null,"delivered_cards"?: number | null,"denomination"?: number | null,"expired_cards"?: number | null,"expiring_cards"?: number | null,"id"?: string | null,"is_active"?: boolean | null,"pool_name"?: string | null,"pool_type"?: string | null,"redeemed_cards"?: number | null,"stock_owner"?: string | null,"stuck_cards"?: number | null,"total_cards"?: number | null,"utilization_rate"?: number | null
                         }
                        Update: {
                           "archived_at"?: string | null,"available_cards"?: number | null,"brand_id"?: string | null,"campaign_id"?: string | null,"cancelled_cards"?: number | null,"claimed_cards"?: number | null,"client_cost_per_card"?: number | null,"client_id"?: string | null,"cost_per_card"?: number | null,"created_at"?: string | null,"currency"?: string | null,"delivered_cards"?: number | null,"denomination"?: number | null,"expired_cards"?: number | null,"expiring_cards"?: number | null,"id"?: string | null,"is_active"?: boolean | null,"pool_name"?: string | null,"pool_type"?: string | null,"redeemed_cards"?: number | null,"stock_owner"?: string | null,"stuck_cards"?: number | null,"total_cards"?: number | null,"utilization_rate"?: number | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "card_pools_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "card_pools_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "card_pools_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"billing_lines": {
                  Row: {
                    "amount": number | null,"billed_entity_id": string | null,"billed_entity_type": string | null,"brand_name": string | null,"campaign_id": string | null,"campaign_name": string | null,"client_id": string | null,"client_name": string | null,"created_at": string | null,"currency": string | null,"denomination": number | null,"id": string | null,"kind": string | null,"month": string | null,"payment": string | null,"quantity": number | null,"unit_price": number | null
                  }
                  ComputedFields: never
                  Insert: {
                           "amount"?: number | null,"billed_entity_id"?: string | null,"billed_entity_type"?: string | null,"brand_name"?: string | null,"campaign_id"?: string | null,"campaign_name"?: string | null,"client_id"?: string | null,"client_name"?: string | null,"created_at"?: string | null,"currency"?: string | null,"denomination"?: number | null,"id"?: string | null,"kind"?: string | null,"month"?: string | null,"payment"?: string | null,"quantity"?: number | null,"unit_price"?: number | null
                         }
                        Update: {
                           "amount"?: number | null,"billed_entity_id"?: string | null,"billed_entity_type"?: string | null,"brand_name"?: string | null,"campaign_id"?: string | null,"campaign_name"?: string | null,"client_id"?: string | null,"client_name"?: string | null,"created_at"?: string | null,"currency"?: string | null,"denomination"?: number | null,"id"?: string | null,"kind"?: string | null,"month"?: string | null,"payment"?: string | null,"quantity"?: number | null,"unit_price"?: number | null
                         }
                        Relationships: [
                    
                  ]
                },"billing_statements": {
                  Row: {
                    "amount": number | null,"amount_due": number | null,"billed_entity_id": string | null,"billed_entity_type": string | null,"cards": number | null,"cards_bought_before": number | null,"cards_sold": number | null,"client_id": string | null,"client_name": string | null,"currency": string | null,"id": string | null,"month": string | null,"own_cards": number | null,"paid_from_credit": number | null
                  }
                  ComputedFields: never
                  Insert: {
                           "amount"?: number | null,"amount_due"?: number | null,"billed_entity_id"?: string | null,"billed_entity_type"?: string | null,"cards"?: number | null,"cards_bought_before"?: number | null,"cards_sold"?: number | null,"client_id"?: string | null,"client_name"?: string | null,"currency"?: string | null,"id"?: string | null,"month"?: string | null,"own_cards"?: number | null,"paid_from_credit"?: number | null
                         }
                        Update: {
                           "amount"?: number | null,"amount_due"?: number | null,"billed_entity_id"?: string | null,"billed_entity_type"?: string | null,"cards"?: number | null,"cards_bought_before"?: number | null,"cards_sold"?: number | null,"client_id"?: string | null,"client_name"?: string | null,"currency"?: string | null,"id"?: string | null,"month"?: string | null,"own_cards"?: number | null,"paid_from_credit"?: number | null
                         }
                        Relationships: [
                    
                  ]
                },"bizpoints_transactions": {
                  Row: {
                    "amount": number,"balance_after": number | null,"client_id": string | null,"created_at": string,"description": string | null,"id": number,"reference_id": string | null,"transaction_type": string,"transfer_id": string,"user_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "amount"?: number | null,"balance_after"?: number | null,"client_id"?: string | null,"created_at"?: string | null,"description"?: string | null,"id"?: number | null,"reference_id"?: string | null,"transaction_type"?: string | null,"transfer_id"?: string | null,"user_id"?: string | null
                         }
                        Update: {
                           "amount"?: number | null,"balance_after"?: number | null,"client_id"?: string | null,"created_at"?: string | null,"description"?: string | null,"id"?: number | null,"reference_id"?: string | null,"transaction_type"?: string | null,"transfer_id"?: string | null,"user_id"?: string | null
                         }
                        Relationships: [
                    
                  ]
                },"email_delivery_log": {
                  Row: {
                    "attempt_number": number,"client_id": string,"created_at": string,"delivery_id": string,"email_address": string,"error_code": string | null,"error_message": string | null,"gift_card_id": string | null,"id": string,"message_id": string | null,"status": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "attempt_number"?: number | null,"client_id"?: string | null,"created_at"?: string | null,"delivery_id"?: string | null,"email_address"?: string | null,"error_code"?: string | null,"error_message"?: string | null,"gift_card_id"?: string | null,"id"?: string | null,"message_id"?: string | null,"status"?: string | null
                         }
                        Update: {
                           "attempt_number"?: number | null,"client_id"?: string | null,"created_at"?: string | null,"delivery_id"?: string | null,"email_address"?: string | null,"error_code"?: string | null,"error_message"?: string | null,"gift_card_id"?: string | null,"id"?: string | null,"message_id"?: string | null,"status"?: string | null
                         }
                        Relationships: [
                    
                  ]
                },"gift_card_inventory": {
                  Row: {
                    "brand_id": string,"brand_name": string,"client_id": string | null,"code_last4": string,"counted_as": string,"currency": string,"denomination": number,"expires_at": string | null,"id": string,"pool_id": string,"status": string
                  }
                  ComputedFields: never
                  Insert: {
                           "brand_id"?: string | null,"brand_name"?: string | null,"client_id"?: string | null,"code_last4"?: string | null,"counted_as"?: string | null,"currency"?: string | null,"denomination"?: number | null,"expires_at"?: string | null,"id"?: string | null,"pool_id"?: string | null,"status"?: string | null
                         }
                        Update: {
                           "brand_id"?: string | null,"brand_name"?: string | null,"client_id"?: string | null,"code_last4"?: string | null,"counted_as"?: string | null,"currency"?: string | null,"denomination"?: number | null,"expires_at"?: string | null,"id"?: string | null,"pool_id"?: string | null,"status"?: string | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "card_pools_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    }
                  ]
                },"gift_card_pools": {
                  Row: {
                    "archived_at": string | null,"available_cards": number | null,"brand_id": string,"campaign_id": string | null,"cancelled_cards": number | null,"claimed_cards": number | null,"client_cost_per_card": number | null,"client_id": string | null,"cost_per_card": number | null,"created_at": string,"currency": string,"delivered_cards": number | null,"denomination": number,"expired_cards": number | null,"expiring_cards": number | null,"id": string,"is_active": boolean,"pool_name": string,"pool_type": string,"redeemed_cards": number | null,"stock_owner": string,"stuck_cards": number | null,"total_cards": number | null,"utilization_rate": number | null
                  }
                  ComputedFields: never
                  Insert: {
                           "archived_at"?: string | null,"available_cards"?: number | null,"brand_id"?: string | null,"campaign_id"?: string | null,"cancelled_cards"?: number | null,"claimed_cards"?: number | null,"client_cost_per_card"?: number | null,"client_id"?: string | null,"cost_per_card"?: number | null,"created_at"?: string | null,"currency"?: string | null,"delivered_cards"?: number | null,"denomination"?: number | null,"expired_cards"?: number | null,"expiring_cards"?: number | null,"id"?: string | null,"is_active"?: boolean | null,"pool_name"?: string | null,"pool_type"?: string | null,"redeemed_cards"?: number | null,"stock_owner"?: string | null,"stuck_cards"?: number | null,"total_cards"?: number | null,"utilization_rate"?: number | null
                         }
                        Update: {
                           "archived_at"?: string | null,"available_cards"?: number | null,"brand_id"?: string | null,"campaign_id"?: string | null,"cancelled_cards"?: number | null,"claimed_cards"?: number | null,"client_cost_per_card"?: number | null,"client_id"?: string | null,"cost_per_card"?: number | null,"created_at"?: string | null,"currency"?: string | null,"delivered_cards"?: number | null,"denomination"?: number | null,"expired_cards"?: number | null,"expiring_cards"?: number | null,"id"?: string | null,"is_active"?: boolean | null,"pool_name"?: string | null,"pool_type"?: string | null,"redeemed_cards"?: number | null,"stock_owner"?: string | null,"stuck_cards"?: number | null,"total_cards"?: number | null,"utilization_rate"?: number | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "card_pools_brand_id_fkey"
      columns: ["brand_id"]
isOneToOne: false
      referencedRelation: "gift_card_brands"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "card_pools_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    },{
      foreignKeyName: "card_pools_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                },"gift_card_provisioning_trace": {
                  Row: {
                    "campaign_id": string | null,"client_id": string | null,"created_at": string | null,"duration_ms": number | null,"error_code": string | null,"error_message": string | null,"id": number | null,"recipient_id": string | null,"request_id": string | null,"status": string | null,"step_name": string | null,"step_number": number | null,"tillo_code": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "campaign_id"?: string | null,"client_id"?: string | null,"created_at"?: string | null,"duration_ms"?: number | null,"error_code"?: string | null,"error_message"?: string | null,"id"?: number | null,"recipient_id"?: string | null,"request_id"?: string | null,"status"?: string | null,"step_name"?: string | null,"step_number"?: number | null,"tillo_code"?: string | null
                         }
                        Update: {
                           "campaign_id"?: string | null,"client_id"?: string | null,"created_at"?: string | null,"duration_ms"?: number | null,"error_code"?: string | null,"error_message"?: string | null,"id"?: number | null,"recipient_id"?: string | null,"request_id"?: string | null,"status"?: string | null,"step_name"?: string | null,"step_number"?: number | null,"tillo_code"?: string | null
                         }
                        Relationships: [
                    
                  ]
                },"recipients": {
                  Row: {
                    "campaign_id": string,"client_id": string,"code_last4": string | null,"country": string | null,"created_at": string,"email": string | null,"external_crm_id": string | null,"first_name": string | null,"id": string,"last_name": string | null,"phone": string | null,"redemption_code": string | null,"redemption_token": string | null,"sms_opted_in_at": string | null,"state": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "campaign_id"?: string | null,"client_id"?: string | null,"code_last4"?: string | null,"country"?: string | null,"created_at"?: string | null,"email"?: string | null,"external_crm_id"?: string | null,"first_name"?: string | null,"id"?: string | null,"last_name"?: string | null,"phone"?: string | null,"redemption_code"?: string | null,"redemption_token"?: string | null,"sms_opted_in_at"?: string | null,"state"?: string | null
                         }
                        Update: {
                           "campaign_id"?: string | null,"client_id"?: string | null,"code_last4"?: string | null,"country"?: string | null,"created_at"?: string | null,"email"?: string | null,"external_crm_id"?: string | null,"first_name"?: string | null,"id"?: string | null,"last_name"?: string | null,"phone"?: string | null,"redemption_code"?: string | null,"redemption_token"?: string | null,"sms_opted_in_at"?: string | null,"state"?: string | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "recipients_campaign_is_the_clients"
      columns: ["campaign_id","client_id"]
isOneToOne: false
      referencedRelation: "campaigns"
      referencedColumns: ["id","client_id"]
    }
                  ]
                },"replies_to_review": {
                  Row: {
                    "body": string,"client_id": string | null,"created_at": string,"id": string,"phone": string,"recipient_id": string | null,"sent_by": string
                  }
                  ComputedFields: never
                  Insert: {
                           "body"?: string | null,"client_id"?: string | null,"created_at"?: string | null,"id"?: string | null,"phone"?: string | null,"recipient_id"?: string | null,"sent_by"?: string | null
                         }
                        Update: {
                           "body"?: string | null,"client_id"?: string | null,"created_at"?: string | null,"id"?: string | null,"phone"?: string | null,"recipient_id"?: string | null,"sent_by"?: string | null
                         }
                        Relationships: [
                    
                  ]
                },"sms_delivery_log": {
                  Row: {
                    "attempt_number": number,"client_id": string,"created_at": string,"delivery_id": string,"error_code": string | null,"error_message": string | null,"gift_card_id": string | null,"id": string,"message_sid": string | null,"phone_number": string,"status": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "attempt_number"?: number | null,"client_id"?: string | null,"created_at"?: string | null,"delivery_id"?: string | null,"error_code"?: string | null,"error_message"?: string | null,"gift_card_id"?: string | null,"id"?: string | null,"message_sid"?: string | null,"phone_number"?: string | null,"status"?: string | null
                         }
                        Update: {
                           "attempt_number"?: number | null,"client_id"?: string | null,"created_at"?: string | null,"delivery_id"?: string | null,"error_code"?: string | null,"error_message"?: string | null,"gift_card_id"?: string | null,"id"?: string | null,"message_sid"?: string | null,"phone_number"?: string | null,"status"?: string | null
                         }
                        Relationships: [
                    
                  ]
                },"voucher_overview": {
                  Row: {
                    "batch_id": string | null,"client_id": string,"code": string,"created_at": string,"created_by": string | null,"dealer_id": string | null,"description": string | null,"expires_at": string | null,"id": string,"is_public": boolean,"last_used_at": string | null,"owner_id": string | null,"package_id": string | null,"rolled_back": number | null,"starts_at": string,"state": string | null,"type": string,"usage_count": number,"usage_limit": number | null,"value": number | null
                  }
                  ComputedFields: never
                  Insert: {
                           "batch_id"?: string | null,"client_id"?: string | null,"code"?: string | null,"created_at"?: string | null,"created_by"?: string | null,"dealer_id"?: string | null,"description"?: string | null,"expires_at"?: string | null,"id"?: string | null,"is_public"?: boolean | null,"last_used_at"?: never,"owner_id"?: string | null,"package_id"?: string | null,"rolled_back"?: never,"starts_at"?: string | null,"state"?: never,"type"?: string | null,"usage_count"?: number | null,"usage_limit"?: number | null,"value"?: number | null
                         }
                        Update: {
                           "batch_id"?: string | null,"client_id"?: string | null,"code"?: string | null,"created_at"?: string | null,"created_by"?: string | null,"dealer_id"?: string | null,"description"?: string | null,"expires_at"?: string | null,"id"?: string | null,"is_public"?: boolean | null,"last_used_at"?: never,"owner_id"?: string | null,"package_id"?: string | null,"rolled_back"?: never,"starts_at"?: string | null,"state"?: never,"type"?: string | null,"usage_count"?: number | null,"usage_limit"?: number | null,"value"?: number | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "vouchers_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    },{
      foreignKeyName: "vouchers_package_is_of_the_client"
      columns: ["client_id","package_id"]
isOneToOne: false
      referencedRelation: "packages"
      referencedColumns: ["client_id","id"]
    }
                  ]
                },"voucher_redemption_attempts": {
                  Row: {
                    "client_id": string | null,"code_fingerprint": string | null,"created_at": string,"error_code": string | null,"id": number,"outcome": string,"request_id": string | null,"surface": string,"user_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "client_id"?: string | null,"code_fingerprint"?: string | null,"created_at"?: string | null,"error_code"?: string | null,"id"?: number | null,"outcome"?: string | null,"request_id"?: string | null,"surface"?: string | null,"user_id"?: never
                         }
                        Update: {
                           "client_id"?: string | null,"code_fingerprint"?: string | null,"created_at"?: string | null,"error_code"?: string | null,"id"?: number | null,"outcome"?: string | null,"request_id"?: string | null,"surface"?: string | null,"user_id"?: never
                         }
                        Relationships: [
                    
                  ]
                },"wallet_balances": {
                  Row: {
                    "asset": string,"available": number | null,"balance": number | null,"client_id": string | null,"held": number | null,"id": string,"owner_id": string | null,"owner_type": string | null,"user_id": string | null
                  }
                  ComputedFields: never
                  Insert: {
                           "asset"?: string | null,"available"?: number | null,"balance"?: number | null,"client_id"?: string | null,"held"?: number | null,"id"?: string | null,"owner_id"?: string | null,"owner_type"?: string | null,"user_id"?: string | null
                         }
                        Update: {
                           "asset"?: string | null,"available"?: number | null,"balance"?: number | null,"client_id"?: string | null,"held"?: number | null,"id"?: string | null,"owner_id"?: string | null,"owner_type"?: string | null,"user_id"?: string | null
                         }
                        Relationships: [
                    {
      foreignKeyName: "ledger_accounts_client_id_fkey"
      columns: ["client_id"]
isOneToOne: false
      referencedRelation: "clients"
      referencedColumns: ["id"]
    }
                  ]
                }
          }
          Functions: {
            "allocate_credit":
{ Args: { "agency_id"?: string,"amount": number,"client_id"?: string,"currency"?: string,"description"?: string,"idempotency_key"?: string }; Returns: {
              "client_id": string | null,
"created_at": string,
"description": string | null,
"id": string,
"idempotency_key": string,
"reference_id": string | null,
"reverses": string | null,
"transfer_type": string
            }
                          SetofOptions: {
        from: "*"
        to: "ledger_transfers"
        isOneToOne: true
        isSetofReturn: false
      } },
"allow_gift_card_replacement":
{ Args: { "gift_card_id": string,"reason": string }; Returns: {
              "cancelled_at": string | null,
"claimed_at": string | null,
"client_id": string | null,
"code_last4": string,
"counted_as": string,
"created_at": string,
"delivered_at": string | null,
"delivery_method": string | null,
"expired_at": string | null,
"expires_at": string | null,
"exposed_at": string | null,
"grant_id": string | null,
"id": string,
"lot_id": string,
"pool_id": string,
"recipient_id": string | null,
"redeemed_at": string | null,
"serial_number": string | null,
"status": string,
"stuck_at": string | null,
"was_received": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "gift_cards"
        isOneToOne: true
        isSetofReturn: false
      } },
"archive_gift_card_pool":
{ Args: { "pool_id": string }; Returns: {
              "archived_at": string | null,
"available_cards": number,
"brand_id": string,
"campaign_id": string | null,
"cancelled_cards": number,
"claimed_cards": number,
"client_cost_per_card": number | null,
"client_id": string | null,
"cost_per_card": number,
"created_at": string,
"currency": string,
"delivered_cards": number,
"denomination": number,
"expired_cards": number,
"expiring_cards": number,
"folded_before": unknown,
"id": string,
"is_active": boolean,
"pool_name": string,
"pool_type": string,
"received_cards": number,
"redeemed_cards": number,
"stock_owner": string,
"stuck_cards": number,
"supplier_id": string | null,
"total_cards": number
            }
                          SetofOptions: {
        from: "*"
        to: "card_pools"
        isOneToOne: true
        isSetofReturn: false
      } },
"archive_package":
{ Args: { "package_id": string }; Returns: {
              "archived_at": string | null,
"bizcoin_value": number,
"client_id": string,
"created_at": string,
"created_by": string | null,
"currency": string,
"description": string | null,
"duration_days": number,
"id": string,
"is_active": boolean,
"messages": number,
"name": string,
"price": number,
"updated_at": string
            }
                          SetofOptions: {
        from: "*"
        to: "packages"
        isOneToOne: true
        isSetofReturn: false
      } },
"cancel_gift_card":
{ Args: { "allow_replacement"?: boolean,"gift_card_id": string,"reason": string }; Returns: {
              "cancelled_at": string | null,
"claimed_at": string | null,
"client_id": string | null,
"code_last4": string,
"counted_as": string,
"created_at": string,
"delivered_at": string | null,
"delivery_method": string | null,
"expired_at": string | null,
"expires_at": string | null,
"exposed_at": string | null,
"grant_id": string | null,
"id": string,
"lot_id": string,
"pool_id": string,
"recipient_id": string | null,
"redeemed_at": string | null,
"serial_number": string | null,
"status": string,
"stuck_at": string | null,
"was_received": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "gift_cards"
        isOneToOne: true
        isSetofReturn: false
      } },
"cancel_package_purchase":
{ Args: { "purchase_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"cancel_pending_reward":
{ Args: { "reason": string,"reward_id": string }; Returns: {
              "attempts": number,
"brand_id": string | null,
"campaign_id": string,
"client_id": string,
"code": string | null,
"condition_number": number,
"created_at": string,
"currency": string,
"deliver_to": string | null,
"delivery_method": string | null,
"denomination": number | null,
"fulfilled_at": string | null,
"id": string,
"last_attempt_at": string | null,
"next_attempt_at": string,
"pool_id": string | null,
"recipient_id": string,
"requested_by": string | null,
"skip_verification": boolean,
"status": string,
"surface": string
            }
                          SetofOptions: {
        from: "*"
        to: "pending_rewards"
        isOneToOne: true
        isSetofReturn: false
      } },
"check_message_template":
{ Args: { "body": string,"channel"?: string }; Returns: Json
                           },
"collect_credit":
{ Args: { "amount"?: number,"client_id": string,"currency"?: string,"idempotency_key"?: string }; Returns: {
              "client_id": string | null,
"created_at": string,
"description": string | null,
"id": string,
"idempotency_key": string,
"reference_id": string | null,
"reverses": string | null,
"transfer_type": string
            }
                          SetofOptions: {
        from: "*"
        to: "ledger_transfers"
        isOneToOne: true
        isSetofReturn: false
      } },
"complete_delivery_attempt":
{ Args: { "attempt_id": string,"error_code": string,"error_message": string,"lease_token": string,"outcome": string,"provider": string,"provider_message_id": string }; Returns: Json
                           },
"complete_package_refund":
{ Args: { "error": string,"outcome": string,"provider_refund_id": string,"refund_id": string }; Returns: Json
                           },
"complete_supplier_purchase":
{ Args: { "card"?: Json,"cost"?: number,"lease_token": string,"message"?: string,"outcome": string,"purchase_id": string,"supplier_code"?: string,"supplier_reference"?: string }; Returns: Json
                           },
"complete_webhook_attempt":
{ Args: { "attempt_id": string,"duration_ms": number,"error_code": string,"http_status": number,"lease_token": string,"outcome": string }; Returns: Json
                           },
"confirm_redemption":
{ Args: { "condition_number": number,"redemption_code": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"create_brand":
{ Args: { "card_format"?: string,"code_format"?: string,"logo_url"?: string,"name": string,"redemption_url"?: string,"terms_url"?: string }; Returns: {
              "brand_name": string,
"card_format": string,
"code_case_matters": boolean,
"code_format": string | null,
"created_at": string,
"expiration_policy": string | null,
"id": string,
"is_enabled": boolean,
"logo_url": string | null,
"minimum_validity": string | null,
"name": string,
"redemption_url": string | null,
"requires_claim_link": boolean,
"terms_url": string | null,
"valid_days": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "gift_card_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"create_campaign":
{ Args: { "billing_entity"?: string,"campaign_name": string,"client_id": string,"currency"?: string,"email_subject"?: string,"email_template"?: string,"sms_template"?: string }; Returns: {
              "billing_entity": string | null,
"campaign_name": string,
"client_id": string,
"created_at": string,
"currency": string,
"email_subject": string | null,
"email_template": string | null,
"id": string,
"requires_claim_link": boolean,
"sms_encoding": string | null,
"sms_segments": number | null,
"sms_template": string | null,
"status": string
            }
                          SetofOptions: {
        from: "*"
        to: "campaigns"
        isOneToOne: true
        isSetofReturn: false
      } },
"create_campaign_condition":
{ Args: { "brand_id": string,"campaign_id": string,"card_value": number,"condition_name": string,"condition_number": number,"crm_event_match"?: Json,"crm_event_name"?: string,"is_self_service"?: boolean,"requires_opt_in"?: boolean }; Returns: {
              "brand_id": string | null,
"campaign_id": string,
"card_value": number | null,
"client_id": string,
"condition_name": string,
"condition_number": number,
"created_at": string,
"crm_event_match": Json | null,
"crm_event_name": string | null,
"id": string,
"is_self_service": boolean,
"requires_opt_in": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "campaign_conditions"
        isOneToOne: true
        isSetofReturn: false
      } },
"create_crm_endpoint":
{ Args: { "account_id"?: string,"campaign_id"?: string,"client_id": string,"key"?: string,"kind"?: string,"name": string }; Returns: Json
                           },
"create_gift_card_pool":
{ Args: { "brand_id": string,"campaign_id"?: string,"client_id": string,"cost_per_card"?: number,"currency"?: string,"denomination": number,"pool_name": string,"stock_owner"?: string }; Returns: {
              "archived_at": string | null,
"available_cards": number,
"brand_id": string,
"campaign_id": string | null,
"cancelled_cards": number,
"claimed_cards": number,
"client_cost_per_card": number | null,
"client_id": string | null,
"cost_per_card": number,
"created_at": string,
"currency": string,
"delivered_cards": number,
"denomination": number,
"expired_cards": number,
"expiring_cards": number,
"folded_before": unknown,
"id": string,
"is_active": boolean,
"pool_name": string,
"pool_type": string,
"received_cards": number,
"redeemed_cards": number,
"stock_owner": string,
"stuck_cards": number,
"supplier_id": string | null,
"total_cards": number
            }
                          SetofOptions: {
        from: "*"
        to: "card_pools"
        isOneToOne: true
        isSetofReturn: false
      } },
"create_package":
{ Args: { "bizcoin_value"?: number,"client_id": string,"currency"?: string,"description"?: string,"duration_days": number,"messages"?: number,"name": string,"price": number }; Returns: {
              "archived_at": string | null,
"bizcoin_value": number,
"client_id": string,
"created_at": string,
"created_by": string | null,
"currency": string,
"description": string | null,
"duration_days": number,
"id": string,
"is_active": boolean,
"messages": number,
"name": string,
"price": number,
"updated_at": string
            }
                          SetofOptions: {
        from: "*"
        to: "packages"
        isOneToOne: true
        isSetofReturn: false
      } },
"create_voucher":
{ Args: { "client_id": string,"idempotency_key"?: string,"voucher": Json }; Returns: {
              "allowed_customers": (string)[] | null,
"allowed_domains": (string)[] | null,
"batch_id": string | null,
"canonical_code": string,
"client_id": string,
"code": string,
"created_at": string,
"created_by": string | null,
"dealer_id": string | null,
"description": string | null,
"entitlement_days": number | null,
"expires_at": string | null,
"id": string,
"is_active": boolean,
"is_public": boolean,
"minimum_purchase": number | null,
"owner_benefit": number | null,
"owner_id": string | null,
"package_id": string | null,
"per_customer_limit": number,
"starts_at": string,
"type": string,
"usage_count": number,
"usage_limit": number | null,
"value": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "vouchers"
        isOneToOne: true
        isSetofReturn: false
      } },
"create_vouchers":
{ Args: { "client_id": string,"how_many": number,"idempotency_key"?: string,"pattern"?: string,"voucher": Json }; Returns: Json
                           },
"create_webhook_endpoint":
{ Args: { "client_id": string,"description"?: string,"events"?: (string)[],"url": string }; Returns: Json
                           },
"decide_reply":
{ Args: { "decision": string,"inbound_message_id": string,"note"?: string }; Returns: Json
                           },
"expire_entitlements":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"expire_gift_cards":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"expire_lots":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"expire_packages":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"expire_voucher":
{ Args: { "reason"?: string,"voucher_id": string }; Returns: {
              "allowed_customers": (string)[] | null,
"allowed_domains": (string)[] | null,
"batch_id": string | null,
"canonical_code": string,
"client_id": string,
"code": string,
"created_at": string,
"created_by": string | null,
"dealer_id": string | null,
"description": string | null,
"entitlement_days": number | null,
"expires_at": string | null,
"id": string,
"is_active": boolean,
"is_public": boolean,
"minimum_purchase": number | null,
"owner_benefit": number | null,
"owner_id": string | null,
"package_id": string | null,
"per_customer_limit": number,
"starts_at": string,
"type": string,
"usage_count": number,
"usage_limit": number | null,
"value": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "vouchers"
        isOneToOne: true
        isSetofReturn: false
      } },
"export_import_rows":
{ Args: { "after_row": number,"import_id": string,"outcome": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"export_redemption_codes":
{ Args: { "after_id"?: string,"campaign_id": string,"page_size"?: number }; Returns: Json
                           },
"export_report":
{ Args: { "client_id": string,"from_day": string,"report": string,"request": Database["public"]['CompositeTypes']["request"],"to_day": string }; Returns: Json
                           },
"fail_crm_event":
{ Args: { "crm_event_id": string }; Returns: Json
                           },
"fail_package_purchase":
{ Args: { "message": string,"payment_intent_id": string,"purchase_id": string }; Returns: Json
                           },
"fulfil_pending_reward":
{ Args: { "suppliers": (string)[] }; Returns: Json
                           },
"get_billing_statement":
{ Args: { "agency_id": string,"client_id": string,"month": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"get_crm_endpoint":
{ Args: { "endpoint_id": string }; Returns: Json
                           },
"get_delivery":
{ Args: { "delivery_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"get_import":
{ Args: { "import_id": string }; Returns: {
              "accepted_count": number,
"actor_id": string | null,
"chunk_count": number,
"client_id": string | null,
"delimiter": string | null,
"encoding": string | null,
"ended_at": string | null,
"expected_rows": number | null,
"file_hash": string,
"file_name": string | null,
"header": (string)[] | null,
"id": string,
"kind": string,
"known_count": number,
"mapping": Json | null,
"refused_count": number,
"repeats": string | null,
"row_count": number,
"started_at": string,
"status": string,
"subject_id": string
            }
                          SetofOptions: {
        from: "*"
        to: "imports"
        isOneToOne: true
        isSetofReturn: false
      } },
"get_package_quote":
{ Args: { "bizcoins": number,"package_id": string,"request": Database["public"]['CompositeTypes']["request"],"use_discount": boolean }; Returns: Json
                           },
"get_upload_target":
{ Args: { "pool_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"get_wallet":
{ Args: { "customer_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"import_gift_cards":
{ Args: { "cards": Json,"file": Json,"pool_id": string,"request": Database["public"]['CompositeTypes']["request"],"seal_key_id": string }; Returns: Json
                           },
"import_recipient_file":
{ Args: { "allow_shared_contact": boolean,"campaign_id": string,"dry_run": boolean,"file": Json,"pattern": string,"recipients": Json,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"import_recipients":
{ Args: { "allow_shared_contact"?: boolean,"campaign_id": string,"idempotency_key"?: string,"pattern"?: string,"recipients": Json }; Returns: Json
                           },
"lease_crm_events":
{ Args: { "batch_size": number }; Returns: Json
                           },
"lease_deliveries":
{ Args: { "batch_size": number,"delivery_id": string }; Returns: Json
                           },
"lease_package_purchases":
{ Args: { "batch_size": number }; Returns: Json
                           },
"lease_package_refunds":
{ Args: { "batch_size": number }; Returns: Json
                           },
"lease_supplier_purchases":
{ Args: { "batch_size": number,"suppliers": (string)[] }; Returns: Json
                           },
"lease_unknown_deliveries":
{ Args: { "batch_size": number,"grace_seconds": number }; Returns: Json
                           },
"lease_webhooks":
{ Args: { "batch_size": number }; Returns: Json
                           },
"list_agency_offers":
{ Args: { "agency_id": string }; Returns: Database["public"]['CompositeTypes']["agency_offer"][]
                          SetofOptions: {
        from: "*"
        to: "agency_offer"
        isOneToOne: false
        isSetofReturn: true
      } },
"list_card_offers":
{ Args: { "client_id": string }; Returns: Database["public"]['CompositeTypes']["card_offer"][]
                          SetofOptions: {
        from: "*"
        to: "card_offer"
        isOneToOne: false
        isSetofReturn: true
      } },
"list_card_sales":
{ Args: Record<PropertyKey, never>; Returns: {
              "buyer_client_id": string,
"buyer_pool_id": string,
"client_id": string,
"cost_per_card": number,
"created_at": string,
"currency": string,
"id": string,
"master_pool_id": string,
"platform_price_per_card": number,
"platform_total_amount": number,
"price_per_card": number,
"quantity": number,
"request_id": string | null,
"sold_by": string | null,
"total_amount": number
            }[]
                          SetofOptions: {
        from: "*"
        to: "admin_card_sales"
        isOneToOne: false
        isSetofReturn: true
      } },
"list_denominations":
{ Args: Record<PropertyKey, never>; Returns: {
              "brand_id": string,
"cost": number | null,
"currency": string,
"denomination": number,
"id": string,
"is_enabled": boolean,
"price": number | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "brand_denominations"
        isOneToOne: false
        isSetofReturn: true
      } },
"list_import_rows":
{ Args: { "after_row"?: number,"import_id": string,"outcome"?: string,"page_size"?: number }; Returns: {
              "chunk": number,
"client_id": string | null,
"import_id": string,
"line": number | null,
"outcome": string,
"problems": NonNullable<Json>,
"row_number": number,
"subject_id": string | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "import_rows"
        isOneToOne: false
        isSetofReturn: true
      } },
"list_imports":
{ Args: { "after_id"?: string,"client_id"?: string,"kind"?: string,"page_size"?: number }; Returns: {
              "accepted_count": number,
"actor_id": string | null,
"chunk_count": number,
"client_id": string | null,
"delimiter": string | null,
"encoding": string | null,
"ended_at": string | null,
"expected_rows": number | null,
"file_hash": string,
"file_name": string | null,
"header": (string)[] | null,
"id": string,
"kind": string,
"known_count": number,
"mapping": Json | null,
"refused_count": number,
"repeats": string | null,
"row_count": number,
"started_at": string,
"status": string,
"subject_id": string
            }[]
                          SetofOptions: {
        from: "*"
        to: "imports"
        isOneToOne: false
        isSetofReturn: true
      } },
"list_vouchers":
{ Args: { "after_id"?: string,"batch_id"?: string,"client_id": string,"page_size"?: number,"search"?: string,"state"?: string }; Returns: {
              "batch_id": string | null,
"client_id": string,
"code": string,
"created_at": string,
"created_by": string | null,
"dealer_id": string | null,
"description": string | null,
"expires_at": string | null,
"id": string,
"is_public": boolean,
"last_used_at": string | null,
"owner_id": string | null,
"package_id": string | null,
"rolled_back": number | null,
"starts_at": string,
"state": string | null,
"type": string,
"usage_count": number,
"usage_limit": number | null,
"value": number | null
            }[]
                          SetofOptions: {
        from: "*"
        to: "voucher_overview"
        isOneToOne: false
        isSetofReturn: true
      } },
"mark_gift_card_redeemed":
{ Args: { "gift_card_id": string,"reason"?: string }; Returns: {
              "cancelled_at": string | null,
"claimed_at": string | null,
"client_id": string | null,
"code_last4": string,
"counted_as": string,
"created_at": string,
"delivered_at": string | null,
"delivery_method": string | null,
"expired_at": string | null,
"expires_at": string | null,
"exposed_at": string | null,
"grant_id": string | null,
"id": string,
"lot_id": string,
"pool_id": string,
"recipient_id": string | null,
"redeemed_at": string | null,
"serial_number": string | null,
"status": string,
"stuck_at": string | null,
"was_received": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "gift_cards"
        isOneToOne: true
        isSetofReturn: false
      } },
"preview_gift_cards":
{ Args: { "cards": Json,"pool_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"process_crm_event":
{ Args: { "crm_event_id": string,"suppliers": (string)[] }; Returns: Json
                           },
"provision_gift_card":
{ Args: { "brand_id": string,"campaign_id": string,"condition_number": number,"deliver_to": string,"delivery_method": string,"denomination": number,"recipient_id": string,"request": Database["public"]['CompositeTypes']["request"],"suppliers"?: (string)[] }; Returns: Json
                           },
"provision_gift_card_for_call_center":
{ Args: { "call_session_id": string,"condition_number": number,"confirmation_code": string,"deliver_to": string,"delivery_method": string,"reason"?: string,"recipient_id": string,"request": Database["public"]['CompositeTypes']["request"],"skip_verification": boolean,"suppliers"?: (string)[] }; Returns: Json
                           },
"receive_sms":
{ Args: { "body": string,"is_answered": boolean,"meaning": string,"media_count": number,"phone": string,"provider_message_id": string,"sent_by"?: string,"sent_to": string }; Returns: Json
                           },
"record_consent":
{ Args: { "address"?: string,"channel": string,"ip"?: string,"recipient_id": string,"source": string,"wording": string,"wording_version"?: string }; Returns: {
              "action": string,
"address": string,
"channel": string,
"client_id": string | null,
"created_at": string,
"id": number,
"ip": unknown,
"provider_message_id": string | null,
"recipient_id": string | null,
"recorded_by": string | null,
"source": string,
"wording": string | null,
"wording_version": string | null
            }
                          SetofOptions: {
        from: "*"
        to: "consents"
        isOneToOne: true
        isSetofReturn: false
      } },
"record_crm_events":
{ Args: { "endpoint_id": string,"events": Json,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"record_delivery_status":
{ Args: { "attempt_id": string,"error_code": string,"provider": string,"provider_message_id": string,"provider_status": string }; Returns: Json
                           },
"record_email_events":
{ Args: { "events": Json }; Returns: Json
                           },
"record_job_round":
{ Args: { "job": string,"succeeded": boolean }; Returns: Json
                           },
"record_opt_out":
{ Args: { "address"?: string,"channel": string,"recipient_id": string,"source"?: string,"wording"?: string }; Returns: {
              "action": string,
"address": string,
"channel": string,
"client_id": string | null,
"created_at": string,
"id": number,
"ip": unknown,
"provider_message_id": string | null,
"recipient_id": string | null,
"recorded_by": string | null,
"source": string,
"wording": string | null,
"wording_version": string | null
            }
                          SetofOptions: {
        from: "*"
        to: "consents"
        isOneToOne: true
        isSetofReturn: false
      } },
"record_payment":
{ Args: { "payment": Json,"purchase_id": string }; Returns: Json
                           },
"record_payment_event":
{ Args: { "event_id": string,"event_type": string,"facts": Json,"payment_intent_id": string,"purchase_id": string }; Returns: Json
                           },
"record_recipient_consent":
{ Args: { "action": string,"address": string,"channel": string,"ip": unknown,"recipient_id": string,"request": Database["public"]['CompositeTypes']["request"],"source": string,"wording": string,"wording_version": string }; Returns: Json
                           },
"redeem_gift_card":
{ Args: { "campaign_id": string,"condition_number": number,"deliver_to": string,"delivery_method": string,"redemption_code": string,"request": Database["public"]['CompositeTypes']["request"],"suppliers"?: (string)[] }; Returns: Json
                           },
"redeem_voucher":
{ Args: { "client_id": string,"code": string,"package_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"refund_package_purchase":
{ Args: { "amount": number,"bizcoins": number,"payment_amount": number,"purchase_id": string,"reason": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"release_holds":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"release_stuck_cards":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"replay_crm_event":
{ Args: { "crm_event_id": string,"reason"?: string }; Returns: {
              "account_named": string | null,
"attempts": number,
"campaign_id": string | null,
"campaign_named": string | null,
"client_id": string,
"code": string | null,
"condition_number": number | null,
"contact_id": string | null,
"created_at": string,
"endpoint_id": string,
"event_id": string,
"event_names": (string)[],
"event_type": string | null,
"gift_card_id": string | null,
"id": string,
"is_erasure": boolean,
"leased_until": string,
"merged_ids": (string)[],
"message": string | null,
"negatives": (string)[],
"payload": Json | null,
"problem": string | null,
"processed_at": string | null,
"recipient_id": string | null,
"request_id": string,
"status": string
            }
                          SetofOptions: {
        from: "*"
        to: "crm_events"
        isOneToOne: true
        isSetofReturn: false
      } },
"replay_crm_events":
{ Args: { "endpoint_id": string,"reason"?: string,"since": string }; Returns: number
                           },
"replay_webhook_message":
{ Args: { "message_id": string }; Returns: {
              "attempts": number,
"attempts_max": number,
"client_id": string,
"created_at": string,
"data": NonNullable<Json>,
"delivered_at": string | null,
"endpoint_id": string,
"error_code": string | null,
"event_type": string,
"failed_at": string | null,
"id": string,
"lease_token": string | null,
"leased_until": string | null,
"next_attempt_at": string,
"request_id": string | null,
"status": string,
"subject_id": string | null
            }
                          SetofOptions: {
        from: "*"
        to: "webhook_messages"
        isOneToOne: true
        isSetofReturn: false
      } },
"replay_webhook_messages":
{ Args: { "endpoint_id": string,"since": string }; Returns: number
                           },
"report_agency_profit":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["agency_profit"][]
                          SetofOptions: {
        from: "*"
        to: "agency_profit"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_bizcoin_usage":
{ Args: { "client_id": string,"since"?: string,"until"?: string }; Returns: Json
                           },
"report_brand_performance":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["brand_performance"][]
                          SetofOptions: {
        from: "*"
        to: "brand_performance"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_campaign_comparison":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["campaign_comparison"][]
                          SetofOptions: {
        from: "*"
        to: "campaign_comparison"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_delivery_methods":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["delivery_methods"][]
                          SetofOptions: {
        from: "*"
        to: "delivery_methods"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_geography":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["geography"][]
                          SetofOptions: {
        from: "*"
        to: "geography"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_liability":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["liability"][]
                          SetofOptions: {
        from: "*"
        to: "liability"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_platform_analytics":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["platform_analytics"][]
                          SetofOptions: {
        from: "*"
        to: "platform_analytics"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_pool_performance":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["pool_performance"][]
                          SetofOptions: {
        from: "*"
        to: "pool_performance"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_profit_by_agency":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["profit_by_agency"][]
                          SetofOptions: {
        from: "*"
        to: "profit_by_agency"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_profit_by_client":
{ Args: { "client_id"?: string,"from_day"?: string,"to_day"?: string }; Returns: Database["public"]['CompositeTypes']["profit_by_client"][]
                          SetofOptions: {
        from: "*"
        to: "profit_by_client"
        isOneToOne: false
        isSetofReturn: true
      } },
"report_voucher_usage":
{ Args: { "client_id": string,"since"?: string,"until"?: string }; Returns: Json
                           },
"request_sms_opt_in":
{ Args: { "call_session_id": string,"company_name": string,"phone": string,"recipient_id": string,"request": Database["public"]['CompositeTypes']["request"],"wording": string,"wording_version": string }; Returns: Json
                           },
"resend_gift_card":
{ Args: { "channel": string,"deliver_to": string,"gift_card_id": string,"reason": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"resolve_unknown_delivery":
{ Args: { "attempt_id": string,"is_found": boolean,"lease_token": string,"provider": string,"provider_message_id": string,"provider_status": string }; Returns: Json
                           },
"return_credit":
{ Args: { "agency_id"?: string,"amount": number,"client_id"?: string,"currency"?: string,"description"?: string,"idempotency_key"?: string }; Returns: {
              "client_id": string | null,
"created_at": string,
"description": string | null,
"id": string,
"idempotency_key": string,
"reference_id": string | null,
"reverses": string | null,
"transfer_type": string
            }
                          SetofOptions: {
        from: "*"
        to: "ledger_transfers"
        isOneToOne: true
        isSetofReturn: false
      } },
"return_gift_cards":
{ Args: { "quantity": number,"request": Database["public"]['CompositeTypes']["request"],"sale_id": string }; Returns: Json
                           },
"reveal_gift_card":
{ Args: { "device": string,"link_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"reveal_gift_card_to_staff":
{ Args: { "gift_card_id": string,"reason": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"rollback_voucher_redemption":
{ Args: { "idempotency_key"?: string,"reason": string,"redemption_id": string }; Returns: Json
                           },
"rotate_redemption_codes":
{ Args: { "batch_size"?: number,"campaign_id": string,"idempotency_key"?: string,"include_used"?: boolean,"issued_before"?: string,"pattern"?: string,"reason"?: string }; Returns: Json
                           },
"rotate_webhook_secret":
{ Args: { "endpoint_id": string }; Returns: Json
                           },
"run_housekeeping":
{ Args: Record<PropertyKey, never>; Returns: Json
                           },
"sell_gift_cards":
{ Args: { "buyer_client_id": string,"buyer_pool_id": string,"master_pool_id": string,"price_per_card": number,"quantity": number,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"send_test_event":
{ Args: { "endpoint_id": string }; Returns: {
              "attempts": number,
"attempts_max": number,
"client_id": string,
"created_at": string,
"data": NonNullable<Json>,
"delivered_at": string | null,
"endpoint_id": string,
"error_code": string | null,
"event_type": string,
"failed_at": string | null,
"id": string,
"lease_token": string | null,
"leased_until": string | null,
"next_attempt_at": string,
"request_id": string | null,
"status": string,
"subject_id": string | null
            }
                          SetofOptions: {
        from: "*"
        to: "webhook_messages"
        isOneToOne: true
        isSetofReturn: false
      } },
"start_call_session":
{ Args: { "caller_phone": string,"campaign_id": string,"confirmation_code": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"start_package_purchase":
{ Args: { "bizcoins": number,"expected_final_amount": number,"is_live": boolean,"package_id": string,"purchase_id": string,"request": Database["public"]['CompositeTypes']["request"],"use_discount": boolean }; Returns: Json
                           },
"unsubscribe_email":
{ Args: { "action": string,"delivery_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"update_agency_brand":
{ Args: { "agency_id": string,"brand_id": string,"is_enabled"?: boolean,"markup_percentage"?: number }; Returns: {
              "agency_id": string,
"brand_id": string,
"id": string,
"is_enabled": boolean,
"markup_percentage": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "agency_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_agency_denomination":
{ Args: { "agency_id": string,"brand_id": string,"currency"?: string,"custom_price"?: number,"denomination": number,"follows_brand"?: boolean,"is_enabled"?: boolean,"markup_percentage"?: number }; Returns: {
              "agency_id": string,
"brand_id": string,
"currency": string,
"custom_price": number | null,
"denomination": number,
"id": string,
"is_enabled": boolean,
"markup_percentage": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "agency_denominations"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_billing_terms":
{ Args: { "agency_id"?: string,"client_id"?: string,"is_prepaid"?: boolean }; Returns: string
                           },
"update_brand":
{ Args: { "brand_id": string,"code_format"?: string,"is_enabled"?: boolean,"logo_url"?: string,"redemption_url"?: string,"terms_url"?: string }; Returns: {
              "brand_name": string,
"card_format": string,
"code_case_matters": boolean,
"code_format": string | null,
"created_at": string,
"expiration_policy": string | null,
"id": string,
"is_enabled": boolean,
"logo_url": string | null,
"minimum_validity": string | null,
"name": string,
"redemption_url": string | null,
"requires_claim_link": boolean,
"terms_url": string | null,
"valid_days": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "gift_card_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_brand_claim_link":
{ Args: { "brand_id": string,"is_required": boolean }; Returns: {
              "brand_name": string,
"card_format": string,
"code_case_matters": boolean,
"code_format": string | null,
"created_at": string,
"expiration_policy": string | null,
"id": string,
"is_enabled": boolean,
"logo_url": string | null,
"minimum_validity": string | null,
"name": string,
"redemption_url": string | null,
"requires_claim_link": boolean,
"terms_url": string | null,
"valid_days": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "gift_card_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_brand_code_case":
{ Args: { "brand_id": string,"code_case_matters": boolean }; Returns: {
              "brand_name": string,
"card_format": string,
"code_case_matters": boolean,
"code_format": string | null,
"created_at": string,
"expiration_policy": string | null,
"id": string,
"is_enabled": boolean,
"logo_url": string | null,
"minimum_validity": string | null,
"name": string,
"redemption_url": string | null,
"requires_claim_link": boolean,
"terms_url": string | null,
"valid_days": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "gift_card_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_campaign_billing":
{ Args: { "billing_entity": string,"campaign_id": string }; Returns: {
              "billing_entity": string | null,
"campaign_name": string,
"client_id": string,
"created_at": string,
"currency": string,
"email_subject": string | null,
"email_template": string | null,
"id": string,
"requires_claim_link": boolean,
"sms_encoding": string | null,
"sms_segments": number | null,
"sms_template": string | null,
"status": string
            }
                          SetofOptions: {
        from: "*"
        to: "campaigns"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_campaign_claim_link":
{ Args: { "campaign_id": string,"is_required": boolean }; Returns: {
              "billing_entity": string | null,
"campaign_name": string,
"client_id": string,
"created_at": string,
"currency": string,
"email_subject": string | null,
"email_template": string | null,
"id": string,
"requires_claim_link": boolean,
"sms_encoding": string | null,
"sms_segments": number | null,
"sms_template": string | null,
"status": string
            }
                          SetofOptions: {
        from: "*"
        to: "campaigns"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_campaign_condition":
{ Args: { "brand_id"?: string,"campaign_id": string,"card_value"?: number,"condition_name"?: string,"condition_number": number,"crm_event_match"?: Json,"crm_event_name"?: string,"is_self_service"?: boolean,"requires_opt_in"?: boolean }; Returns: {
              "brand_id": string | null,
"campaign_id": string,
"card_value": number | null,
"client_id": string,
"condition_name": string,
"condition_number": number,
"created_at": string,
"crm_event_match": Json | null,
"crm_event_name": string | null,
"id": string,
"is_self_service": boolean,
"requires_opt_in": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "campaign_conditions"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_campaign_templates":
{ Args: { "campaign_id": string,"email_subject"?: string,"email_template"?: string,"sms_template"?: string }; Returns: {
              "billing_entity": string | null,
"campaign_name": string,
"client_id": string,
"created_at": string,
"currency": string,
"email_subject": string | null,
"email_template": string | null,
"id": string,
"requires_claim_link": boolean,
"sms_encoding": string | null,
"sms_segments": number | null,
"sms_template": string | null,
"status": string
            }
                          SetofOptions: {
        from: "*"
        to: "campaigns"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_client_brand":
{ Args: { "brand_id": string,"client_id": string,"is_enabled"?: boolean,"may_use_master_pool"?: boolean }; Returns: {
              "brand_id": string,
"client_id": string,
"id": string,
"is_enabled": boolean,
"may_use_master_pool": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "client_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_client_denomination":
{ Args: { "brand_id": string,"client_id": string,"currency"?: string,"denomination": number,"is_enabled"?: boolean }; Returns: {
              "brand_id": string,
"client_id": string,
"currency": string,
"custom_price": number | null,
"denomination": number,
"id": string,
"is_enabled": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "client_denominations"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_client_price":
{ Args: { "brand_id": string,"client_id": string,"currency"?: string,"custom_price"?: number,"denomination": number }; Returns: {
              "brand_id": string,
"client_id": string,
"currency": string,
"custom_price": number | null,
"denomination": number,
"id": string,
"is_enabled": boolean
            }
                          SetofOptions: {
        from: "*"
        to: "client_denominations"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_confirmation_policy":
{ Args: { "client_id": string,"requires_confirmation_code": boolean }; Returns: {
              "agency_id": string,
"country": string,
"created_at": string,
"id": string,
"is_active": boolean,
"name": string,
"prepaid_since": string | null,
"requires_confirmation_code": boolean,
"slug": string,
"sms_countries": (string)[],
"sms_daily_max": number,
"time_zone": string
            }
                          SetofOptions: {
        from: "*"
        to: "clients"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_crm_endpoint":
{ Args: { "endpoint_id": string,"is_active": boolean }; Returns: Json
                           },
"update_crm_endpoint_key":
{ Args: { "endpoint_id": string,"key"?: string,"overlap_hours"?: number }; Returns: Json
                           },
"update_denomination":
{ Args: { "brand_id": string,"cost"?: number,"currency"?: string,"denomination": number,"is_enabled"?: boolean,"price"?: number }; Returns: {
              "brand_id": string,
"cost": number | null,
"currency": string,
"denomination": number,
"id": string,
"is_enabled": boolean,
"price": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "brand_denominations"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_expiration_policy":
{ Args: { "brand_id": string,"expiration_policy": string,"valid_days"?: number }; Returns: {
              "brand_name": string,
"card_format": string,
"code_case_matters": boolean,
"code_format": string | null,
"created_at": string,
"expiration_policy": string | null,
"id": string,
"is_enabled": boolean,
"logo_url": string | null,
"minimum_validity": string | null,
"name": string,
"redemption_url": string | null,
"requires_claim_link": boolean,
"terms_url": string | null,
"valid_days": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "gift_card_brands"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_minimum_validity":
{ Args: { "brand_id"?: string,"hours": number }; Returns: string
                           },
"update_package":
{ Args: { "bizcoin_value"?: number,"description"?: string,"duration_days"?: number,"is_active"?: boolean,"messages"?: number,"name"?: string,"package_id": string,"price"?: number }; Returns: {
              "archived_at": string | null,
"bizcoin_value": number,
"client_id": string,
"created_at": string,
"created_by": string | null,
"currency": string,
"description": string | null,
"duration_days": number,
"id": string,
"is_active": boolean,
"messages": number,
"name": string,
"price": number,
"updated_at": string
            }
                          SetofOptions: {
        from: "*"
        to: "packages"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_pending_reward":
{ Args: { "brand_id"?: string,"deliver_to"?: string,"delivery_method"?: string,"denomination"?: number,"reason"?: string,"reward_id": string }; Returns: {
              "attempts": number,
"brand_id": string | null,
"campaign_id": string,
"client_id": string,
"code": string | null,
"condition_number": number,
"created_at": string,
"currency": string,
"deliver_to": string | null,
"delivery_method": string | null,
"denomination": number | null,
"fulfilled_at": string | null,
"id": string,
"last_attempt_at": string | null,
"next_attempt_at": string,
"pool_id": string | null,
"recipient_id": string,
"requested_by": string | null,
"skip_verification": boolean,
"status": string,
"surface": string
            }
                          SetofOptions: {
        from: "*"
        to: "pending_rewards"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_service_fee":
{ Args: { "agency_id"?: string,"client_id"?: string,"currency"?: string,"fee": number }; Returns: {
              "agency_id": string | null,
"client_id": string | null,
"currency": string,
"fee": number,
"id": string
            }
                          SetofOptions: {
        from: "*"
        to: "service_fees"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_sms_policy":
{ Args: { "client_id": string,"country"?: string,"sms_countries"?: (string)[],"sms_daily_max"?: number }; Returns: {
              "agency_id": string,
"country": string,
"created_at": string,
"id": string,
"is_active": boolean,
"name": string,
"prepaid_since": string | null,
"requires_confirmation_code": boolean,
"slug": string,
"sms_countries": (string)[],
"sms_daily_max": number,
"time_zone": string
            }
                          SetofOptions: {
        from: "*"
        to: "clients"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_voucher":
{ Args: { "changes": Json,"voucher_id": string }; Returns: {
              "allowed_customers": (string)[] | null,
"allowed_domains": (string)[] | null,
"batch_id": string | null,
"canonical_code": string,
"client_id": string,
"code": string,
"created_at": string,
"created_by": string | null,
"dealer_id": string | null,
"description": string | null,
"entitlement_days": number | null,
"expires_at": string | null,
"id": string,
"is_active": boolean,
"is_public": boolean,
"minimum_purchase": number | null,
"owner_benefit": number | null,
"owner_id": string | null,
"package_id": string | null,
"per_customer_limit": number,
"starts_at": string,
"type": string,
"usage_count": number,
"usage_limit": number | null,
"value": number | null
            }
                          SetofOptions: {
        from: "*"
        to: "vouchers"
        isOneToOne: true
        isSetofReturn: false
      } },
"update_webhook_endpoint":
{ Args: { "description"?: string,"endpoint_id": string,"events"?: (string)[],"is_active"?: boolean,"url"?: string }; Returns: {
              "client_id": string,
"consecutive_failures": number,
"created_at": string,
"description": string | null,
"disabled_at": string | null,
"disabled_reason": string | null,
"events": (string)[],
"id": string,
"is_active": boolean,
"last_success_at": string | null,
"url": string
            }
                          SetofOptions: {
        from: "*"
        to: "webhook_endpoints"
        isOneToOne: true
        isSetofReturn: false
      } },
"use_messages":
{ Args: { "client_id": string,"customer_id": string,"description": string,"how_many": number,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"validate_voucher":
{ Args: { "client_id": string,"code": string,"package_id": string,"request": Database["public"]['CompositeTypes']["request"] }; Returns: Json
                           },
"watch_pending_rewards":
{ Args: Record<PropertyKey, never>; Returns: Json
                           }
          }
          Enums: {
            [_ in never]: never
          }
          CompositeTypes: {
            "agency_offer": {
                        "brand_id": string | null,"brand_name": string | null,"denomination": number | null,"currency": string | null,"price": number | null,"markup_percentage": number | null,"custom_price": number | null,"client_price": number | null,"is_enabled": boolean | null
                      },"agency_profit": {
                        "agency_id": string | null,"agency_name": string | null,"client_id": string | null,"client_name": string | null,"currency": string | null,"source": string | null,"cards": number | null,"owed_by_client": number | null,"owed_to_platform": number | null,"margin": number | null,"margin_rate": number | null
                      },"billing_line": {
                        "id": string | null,"client_id": string | null,"client_name": string | null,"billed_entity_type": string | null,"billed_entity_id": string | null,"month": string | null,"kind": string | null,"campaign_id": string | null,"campaign_name": string | null,"brand_name": string | null,"denomination": number | null,"currency": string | null,"quantity": number | null,"unit_price": number | null,"amount": number | null,"payment": string | null,"created_at": string | null
                      },"billing_statement": {
                        "id": string | null,"client_id": string | null,"client_name": string | null,"billed_entity_type": string | null,"billed_entity_id": string | null,"month": string | null,"currency": string | null,"cards": number | null,"own_cards": number | null,"cards_bought_before": number | null,"cards_sold": number | null,"amount": number | null,"paid_from_credit": number | null,"amount_due": number | null
                      },"brand_performance": {
                        "client_id": string | null,"client_name": string | null,"brand_id": string | null,"brand_name": string | null,"currency": string | null,"given_cards": number | null,"delivered_cards": number | null,"redeemed_cards": number | null,"cancelled_cards": number | null,"delivery_rate": number | null,"redemption_rate": number | null,"value_given": number | null,"value_redeemed": number | null,"average_seconds_to_delivery": number | null
                      },"campaign_comparison": {
                        "client_id": string | null,"client_name": string | null,"campaign_id": string | null,"campaign_name": string | null,"status": string | null,"currency": string | null,"recipients": number | null,"recipients_rewarded": number | null,"reward_rate": number | null,"given_cards": number | null,"delivered_cards": number | null,"redeemed_cards": number | null,"cancelled_cards": number | null,"owed_rewards": number | null,"redemption_rate": number | null,"delivery_attempts": number | null,"delivery_success_rate": number | null,"average_seconds_to_delivery": number | null,"value_given": number | null,"total_cost": number | null,"cost_per_redemption": number | null
                      },"card_offer": {
                        "brand_id": string | null,"brand_name": string | null,"denomination": number | null,"currency": string | null,"price": number | null,"is_enabled": boolean | null
                      },"delivery_methods": {
                        "client_id": string | null,"client_name": string | null,"delivery_method": string | null,"deliveries": number | null,"delivery_attempts": number | null,"successful": number | null,"confirmed": number | null,"failed": number | null,"suppressed": number | null,"undecided": number | null,"delivery_success_rate": number | null,"average_attempts": number | null,"average_seconds_to_sent": number | null,"delivered_cards": number | null,"redeemed_cards": number | null,"redemption_rate": number | null
                      },"geography": {
                        "client_id": string | null,"client_name": string | null,"country": string | null,"state": string | null,"currency": string | null,"recipients": number | null,"given_cards": number | null,"delivered_cards": number | null,"redeemed_cards": number | null,"redemption_rate": number | null,"value_given": number | null
                      },"liability": {
                        "client_id": string | null,"client_name": string | null,"currency": string | null,"age": string | null,"given_cards": number | null,"given_value": number | null,"owed_rewards": number | null,"owed_value": number | null,"total_value": number | null,"expiring_cards": number | null,"expiring_value": number | null,"oldest_at": string | null
                      },"platform_analytics": {
                        "currency": string | null,"agencies": number | null,"clients": number | null,"campaigns": number | null,"stocked_cards": number | null,"available_cards": number | null,"available_value": number | null,"available_own_cards": number | null,"given_cards": number | null,"from_inventory": number | null,"from_own_stock": number | null,"from_suppliers": number | null,"delivered_cards": number | null,"redeemed_cards": number | null,"cancelled_cards": number | null,"owed_rewards": number | null,"delivery_attempts": number | null,"delivery_success_rate": number | null,"redemption_rate": number | null,"average_seconds_to_delivery": number | null,"value_given": number | null,"revenue": number | null,"cost": number | null,"margin": number | null,"margin_rate": number | null
                      },"pool_performance": {
                        "client_id": string | null,"client_name": string | null,"pool_id": string | null,"pool_name": string | null,"pool_type": string | null,"brand_name": string | null,"currency": string | null,"denomination": number | null,"total_cards": number | null,"available_cards": number | null,"expiring_cards": number | null,"given_cards": number | null,"stuck_cards": number | null,"delivered_cards": number | null,"redeemed_cards": number | null,"expired_cards": number | null,"cancelled_cards": number | null,"utilization_rate": number | null,"delivery_attempts": number | null,"delivery_success_rate": number | null,"average_seconds_to_delivery": number | null,"total_cost": number | null,"cost_per_redemption": number | null
                      },"profit_by_agency": {
                        "agency_id": string | null,"agency_name": string | null,"currency": string | null,"clients": number | null,"cards": number | null,"revenue": number | null,"cost": number | null,"margin": number | null,"margin_rate": number | null
                      },"profit_by_client": {
                        "agency_id": string | null,"agency_name": string | null,"client_id": string | null,"client_name": string | null,"currency": string | null,"source": string | null,"cards": number | null,"revenue": number | null,"cost": number | null,"margin": number | null,"margin_rate": number | null
                      },"request": {
                        "id": string | null,"actor": string | null,"ip": string | null,"idempotency_key": string | null,"hash": string | null
                      }
          }
        }
}

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, "public">]

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Views"])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema["Tables"] & DefaultSchema["Views"])
  ? (DefaultSchema["Tables"] & DefaultSchema["Views"])[DefaultSchemaTableNameOrOptions] extends {
      Row: infer R
    }
    ? R
    : never
  : never

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Insert: infer I
    }
    ? I
    : never
  : never

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema["Tables"]
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"]
    : never = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions["schema"]]["Tables"][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema["Tables"]
  ? DefaultSchema["Tables"][DefaultSchemaTableNameOrOptions] extends {
      Update: infer U
    }
    ? U
    : never
  : never

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema["Enums"]
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"]
    : never = never
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions["schema"]]["Enums"][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema["Enums"]
  ? DefaultSchema["Enums"][DefaultSchemaEnumNameOrOptions]
  : never

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema["CompositeTypes"]
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"]
    : never = never
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions["schema"]]["CompositeTypes"][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema["CompositeTypes"]
  ? DefaultSchema["CompositeTypes"][PublicCompositeTypeNameOrOptions]
  : never

export const Constants = {
  "public": {
          Enums: {
            
          }
        }
} as const
